import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type LiveOptions, LivePage } from "../../lib/dashboard/live_page.ts";
import { RunReader, type RunView } from "../../lib/dashboard/run_reader.ts";
import { candidate, fillRun, search, withRun } from "./_run_fixture.ts";

interface PageEvent {
  readonly name: string;
  readonly data: Record<string, unknown>;
}

/** Reads a stream's events one by one, as a browser does. */
class Events {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The next event; null at the stream's end. */
  async next(): Promise<PageEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const found = block.match(/^event: (\w+)\ndata: (.*)$/);
        if (found !== null) return { name: found[1], data: JSON.parse(found[2]) };
      } else {
        const { value, done } = await this.#reader.read();
        if (done) return null;
        this.#text += new TextDecoder().decode(value);
      }
    }
  }

  /** Events up to the first of a name, which is the last of them; or up to the stream's end. */
  async upTo(name: string): Promise<PageEvent[]> {
    const events: PageEvent[] = [];
    for (let event = await this.next(); event !== null; event = await this.next()) {
      events.push(event);
      if (event.name === name) break;
    }
    return events;
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** A wait that a test ends. */
class Waits {
  readonly asked: number[] = [];
  #end = (): void => {};
  #begun = Promise.withResolvers<void>();

  readonly wait = (ms: number, signal: AbortSignal): Promise<void> => {
    this.asked.push(ms);
    return new Promise((resolve) => {
      this.#end = resolve;
      signal.addEventListener("abort", () => resolve());
      if (signal.aborted) resolve();
      this.#begun.resolve();
    });
  };

  /** Ends the wait under way, or the next. */
  async pass(): Promise<void> {
    await this.#begun.promise;
    this.#begun = Promise.withResolvers<void>();
    this.#end();
  }
}

function options(
  reader: LiveOptions["reader"],
  waits: Waits,
  changes: Partial<LiveOptions> = {},
): LiveOptions {
  return { reader, isOwnRun: true, wait: waits.wait, nowMs: Date.now, ...changes };
}

const ids = (events: readonly PageEvent[]): unknown[] =>
  events.filter(({ name }) => name === "part").map(({ data }) => data.id);

Deno.test("a page gets all parts, then those that change, and is told of the end", () =>
  withRun(async (run) => {
    await fillRun(run);
    const waits = new Waits();
    const live = new LivePage(options(new RunReader(run.dir), waits));
    const events = new Events(live.open());
    const first = await events.upTo("look");
    assertEquals(ids(first).length, 9);
    assertEquals(first.at(-1)!.data.isRunning, true);

    search(run, [candidate(3, 0)]);
    await waits.pass();
    assertEquals(ids(await events.upTo("look")), ["tiles", "stages", "candidates", "best", "architecture"]);

    await run.finishStage("search", { winners: [] });
    await live.close();
    const last = await events.upTo("end");
    assertEquals(ids(last), ["tiles", "stages"]);
    assertEquals(last.at(-1)!.name, "end");
    assertEquals(await events.next(), null, "the stream is closed");
  }));

Deno.test("a page that comes later gets the parts at once, and both are fed by the same looks", () =>
  withRun(async (run) => {
    await fillRun(run);
    let looks = 0;
    const reader = new RunReader(run.dir);
    const counted = { read: (): Promise<RunView> => (looks++, reader.read()) };
    const waits = new Waits();
    const live = new LivePage(options(counted, waits));
    const first = new Events(live.open());
    await first.upTo("look");
    const second = new Events(live.open());
    assertEquals(ids(await second.upTo("look")).length, 9);
    assertEquals(looks, 1);
    await waits.pass();
    assertEquals(ids([...await first.upTo("look"), ...await second.upTo("look")]), []);
    assertEquals(looks, 2);
    await live.close();
  }));

Deno.test("nothing is read while no page is open", async () => {
  let looks = 0;
  const waits = new Waits();
  const reader = { read: (): Promise<RunView> => (looks++, Promise.reject(new Error("no run"))) };
  const live = new LivePage(options(reader, waits));
  const events = new Events(live.open());
  await events.upTo("problem");
  await events.cancel();
  await waits.pass();
  assertEquals(looks, 1);
  await live.close();
  assertEquals(looks, 1);
});

Deno.test("a look that fails is told to the page once, and taken back when all is well again", () =>
  withRun(async (run) => {
    const reader = new RunReader(run.dir);
    let isBroken = true;
    const read = (): Promise<RunView> =>
      isBroken ? Promise.reject(new SyntaxError("Cannot read stages.json")) : reader.read();
    const waits = new Waits();
    const live = new LivePage(options({ read }, waits));
    const events = new Events(live.open());
    const [problem] = await events.upTo("problem");
    assertEquals(problem.data, { message: "Cannot read stages.json" });
    await waits.pass(); // fails again, without a word
    isBroken = false;
    await waits.pass();
    const rest = await events.upTo("problem");
    assertEquals(rest.at(-1)!.data, { message: "" });
    assert(ids(rest).includes("stages"));
    await live.close();
  }));

Deno.test("looks rest nineteen times as long as they took, a second at least", () =>
  withRun(async (run) => {
    let now = 0;
    const reader = new RunReader(run.dir);
    const durations = [10, 500];
    const slow = {
      read: (): Promise<RunView> => {
        now += durations.shift() ?? 0;
        return reader.read();
      },
    };
    const waits = new Waits();
    const live = new LivePage(options(slow, waits, { nowMs: () => now }));
    const events = new Events(live.open());
    await events.upTo("look");
    await waits.pass();
    await events.upTo("look");
    await waits.pass();
    await events.upTo("look");
    await live.close();
    assertEquals(waits.asked.slice(0, 2), [1000, 9500]);
  }));

Deno.test("another process's run counts as worked on while its files change", () =>
  withRun(async (run) => {
    await fillRun(run);
    const changedAtMs = (await new RunReader(run.dir).read()).changedAtMs!;
    for (const [ageMs, isRunning] of [[60_000, true], [180_000, false]] as const) {
      const live = new LivePage(
        options(new RunReader(run.dir), new Waits(), { isOwnRun: false, nowMs: () => changedAtMs + ageMs }),
      );
      const events = await new Events(live.open()).upTo("look");
      assertEquals(events.at(-1)!.data.isRunning, isRunning);
      const stages = events.find(({ data }) => data.id === "stages")!;
      assertStringIncludes(String(stages.data.html), isRunning ? "under way" : "not finished");
      await live.close();
    }
  }));

Deno.test("a page that takes nothing is given up, and others go on", () =>
  withRun(async (run) => {
    await fillRun(run);
    const waits = new Waits();
    const live = new LivePage(options(new RunReader(run.dir), waits));
    const [idle, read] = [live.open().getReader(), new Events(live.open())];
    await read.upTo("look");
    for (let look = 0; look < 220; look++) {
      await waits.pass();
      await read.upTo("look");
    }
    await assertRejects(
      async () => {
        for (let done = false; !done;) ({ done } = await idle.read());
      },
      Error,
      "the page does not read",
    );
    await live.close();
  }));

Deno.test("sixteen pages are enough", () =>
  withRun(async (run) => {
    const live = new LivePage(options(new RunReader(run.dir), new Waits()));
    for (let i = 0; i < 16; i++) {
      assert(!live.isFull);
      live.open();
    }
    assert(live.isFull);
    await live.close();
    assert(!live.isFull);
  }));
