/**
 * Who may see the dashboard: who knows its address, and came by it.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** A new secret for an address: 256 random bits as text that needs no escaping there. */
export function randomToken(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * Why a request is refused.
 *
 * @param request The request; its `Host` must be this machine's own name, so that no other site's name that was made
 * to lead here (DNS rebinding) is served, and `token` in its address the secret.
 * @param port Where the server listens.
 * @param token The secret; compared in a time that does not depend on what was guessed.
 * @returns The answer, or null for a request to be served.
 */
export function refusal(request: Request, port: number, token: string): Response | null {
  const host = request.headers.get("host") ?? "";
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    return answer(403, `This dashboard is http://127.0.0.1:${port} only.`);
  }
  if (!isEqual(new URL(request.url).searchParams.get("token") ?? "", token)) {
    return answer(403, "The address lacks the dashboard's token: take the one that the command printed.");
  }
  return request.method === "GET" ? null : answer(405, "Only GET is served.", { allow: "GET" });
}

/** A text as an answer that nobody keeps. */
export function answer(status: number, text: string, headers: Record<string, string> = {}): Response {
  const all = { ...safeHeaders, "content-type": "text/plain; charset=utf-8", ...headers };
  return new Response(text + "\n", { status, headers: all });
}

/** Sent with every answer: nothing is kept, guessed, framed or told to others. */
export const safeHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** Digests are of equal length, whatever was given. */
function isEqual(given: string, wanted: string): boolean {
  const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
