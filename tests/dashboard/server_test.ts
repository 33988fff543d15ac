import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { randomToken, refusal } from "../../lib/dashboard/gate.ts";
import { type Dashboard, serveDashboard } from "../../lib/dashboard/server.ts";
import { fillRun, withRun } from "./_run_fixture.ts";

const token = "secret";

function ask(url: string, init: { host?: string; method?: string } = {}): number | null {
  const headers = { host: init.host ?? "127.0.0.1:8000" };
  const request = { url, method: init.method ?? "GET", headers: new Headers(headers) } as unknown as Request;
  return refusal(request, 8000, token)?.status ?? null;
}

Deno.test("refusal() lets in who has the token, by this machine's own names and port", () => {
  const url = "http://127.0.0.1:8000/?token=secret";
  assertEquals(ask(url), null);
  assertEquals(ask(url, { host: "localhost:8000" }), null);
  const others = [
    "evil.example",
    "evil.example:8000",
    "127.0.0.1",
    "127.0.0.1:8001",
    "127.0.0.1:8000.evil.example",
    "",
  ];
  assertEquals(others.map((host) => ask(url, { host })), others.map(() => 403));
});

Deno.test("refusal() turns away who has no token, a part of it, or more than it", () => {
  const queries = [
    "",
    "?token=",
    "?token=secre",
    "?token=secrets",
    "?token=SECRET",
    "?other=secret",
    "?token=x&token=secret",
  ];
  assertEquals(
    queries.map((query) => ask(`http://127.0.0.1:8000/${query}`)),
    queries.map(() => 403),
  );
});

Deno.test("refusal() turns away what would change something", () => {
  const url = "http://127.0.0.1:8000/?token=secret";
  assertEquals(["POST", "PUT", "DELETE", "HEAD"].map((method) => ask(url, { method })), [405, 405, 405, 405]);
});

Deno.test("randomToken() gives 256 bits that an address takes as they are, and never the same", () => {
  assertMatch(randomToken(), /^[\w-]{43}$/);
  assertNotEquals(randomToken(), randomToken());
});

/** Serves a filled run, and takes it down. */
function withDashboard(test: (dashboard: Dashboard, runDir: string) => Promise<void>): Promise<void> {
  return withRun(async (run) => {
    await fillRun(run);
    await using dashboard = serveDashboard({ runDir: run.dir, port: 0, isOwnRun: true });
    await test(dashboard, run.dir);
  });
}

/** The same address with another path or query. */
function at(url: string, path: string): string {
  const { origin, search } = new URL(url);
  return path.includes("?") ? origin + path : origin + path + search;
}

Deno.test("the page needs the token in its address, and its headers keep it to itself", () =>
  withDashboard(async ({ url }) => {
    const page = await fetch(url);
    assertEquals([page.status, page.headers.get("cache-control")], [200, "no-store"]);
    assertEquals(page.headers.get("referrer-policy"), "no-referrer");
    const policy = page.headers.get("content-security-policy")!;
    assertStringIncludes(policy, "default-src 'none'");
    const nonce = policy.match(/'nonce-([\w-]+)'/)![1];
    const html = await page.text();
    assertStringIncludes(html, `<script type="module" nonce="${nonce}">`);
    assert(!/(?:src|href)="(?:https?:)?\/\//.test(html), "nothing from elsewhere");
    for (const path of ["/?", "/?token=x", "/events?", "/report.html?", "/none?"]) {
      const refused = await fetch(at(url, path));
      assertEquals([refused.status, (await refused.text()).trim()], [
        403,
        "The address lacks the dashboard's token: take the one that the command printed.",
      ], path);
    }
  }));

Deno.test("a run's folder that looks like markup is text", () =>
  withRun(async (run) => {
    const runDir = `${run.dir}/<script>alert(1)<`;
    await using dashboard = serveDashboard({ runDir, port: 0, isOwnRun: true });
    const html = await (await fetch(dashboard.url)).text();
    assert(!html.includes("<script>alert"));
    assertStringIncludes(html, "&lt;script&gt;alert");
  }));

Deno.test("the report is there once it is written, and other paths are not", () =>
  withDashboard(async ({ url }, runDir) => {
    const before = await fetch(at(url, "/report.html"));
    assertEquals([before.status, await before.text()], [404, "The run has no report yet.\n"]);
    await Deno.writeTextFile(`${runDir}/report.html`, "<p>a report</p>");
    assertEquals(await (await fetch(at(url, "/report.html"))).text(), "<p>a report</p>");
    for (const path of ["/config.json", "/..%2f..%2fetc/passwd", "/none"]) {
      const answer = await fetch(at(url, path));
      assertEquals([answer.status, await answer.text()], [404, "There is no such page.\n"], path);
    }
  }));

Deno.test("events come as a stream that ends with the dashboard", () =>
  withRun(async (run) => {
    await fillRun(run);
    const dashboard = serveDashboard({ runDir: run.dir, port: 0, isOwnRun: true });
    const response = await fetch(at(dashboard.url, "/events"));
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("event: look")) text += (await reader.read()).value;
    const ended = dashboard[Symbol.asyncDispose]();
    for (let done = false; !done;) {
      const part = await reader.read();
      text += part.value ?? "";
      done = part.done;
    }
    await ended;
    assertMatch(text, /^retry: 2000\n\nevent: part\ndata: \{"id":"tiles"/);
    assertMatch(text, /event: end\ndata: \{\}\n\n$/);
  }));

Deno.test("a port that is taken, and one that is none, is refused in words", () =>
  withDashboard(({ url }, runDir) => {
    const port = Number(new URL(url).port);
    assertThrows(
      () => serveDashboard({ runDir, port, isOwnRun: true }),
      RangeError,
      `Cannot serve the dashboard on port ${port} as it is taken: name another with --dashboard-port`,
    );
    assertThrows(
      () => serveDashboard({ runDir, port: 65536, isOwnRun: true }),
      RangeError,
      "wanted 0 to 65535",
    );
    return Promise.resolve();
  }));
