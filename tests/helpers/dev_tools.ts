/**
 * As much of Chromium's DevTools protocol as tests of a page need.
 *
 * @module
 */

type Result = Record<string, unknown>;
type Reply = { id?: number; method?: string; params?: Result; result?: Result; error?: { message: string } };

/** A connection to a browser. */
export class DevTools implements AsyncDisposable {
  /** Told of each event, by its name. */
  onEvent: (method: string, params: Result) => void = () => {};
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Result>>();
  readonly #closed = Promise.withResolvers<void>();
  #count = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("Chromium has ended"));
      this.#closed.resolve();
    };
  }

  /** Connects to a browser's address. */
  static async connect(address: string): Promise<DevTools> {
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return new DevTools(socket);
  }

  /** Calls a method, of a page's session or of the browser. */
  call(method: string, params: Result = {}, sessionId?: string): Promise<Result> {
    const id = ++this.#count;
    const reply = Promise.withResolvers<Result>();
    this.#waiting.set(id, reply);
    this.#socket.send(
      JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }),
    );
    return reply.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#closed.promise;
  }

  #take({ id, method, params = {}, result = {}, error }: Reply): void {
    if (id === undefined) return this.onEvent(method ?? "", params);
    const reply = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) reply?.resolve(result);
    else reply?.reject(new Error(error.message));
  }
}

/** How a page is looked at. */
export interface Look {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
  readonly reducedMotion: "reduce" | "no-preference";
}

/** A page of a browser. */
export class Page {
  /** What the page complained about: errors, and errors and warnings on its console. */
  readonly complaints: string[] = [];
  readonly #tools: DevTools;
  readonly #session: string;

  private constructor(tools: DevTools, session: string) {
    this.#tools = tools;
    this.#session = session;
    tools.onEvent = (method, params) => this.#hear(method, params);
  }

  /** Opens an empty page. */
  static async open(tools: DevTools): Promise<Page> {
    const { targetId } = await tools.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await tools.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(tools, String(sessionId));
    for (const domain of ["Page", "Runtime", "Log"]) await page.#call(`${domain}.enable`);
    return page;
  }

  /** Sets width, colours and whether things may move. */
  async lookAt({ width, colorScheme, reducedMotion }: Look): Promise<void> {
    const size = { width, height: 800, deviceScaleFactor: 1, mobile: width < 600 };
    await this.#call("Emulation.setDeviceMetricsOverride", size);
    const features = [
      { name: "prefers-color-scheme", value: colorScheme },
      { name: "prefers-reduced-motion", value: reducedMotion },
    ];
    await this.#call("Emulation.setEmulatedMedia", { features });
  }

  /** Goes to an address. */
  async goTo(url: string): Promise<void> {
    const { errorText } = await this.#call("Page.navigate", { url });
    if (errorText !== undefined) throw new Error(`Cannot go to ${url}: ${errorText}`);
  }

  /** What a script's expression gives, as JSON; a promise is awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#call("Runtime.evaluate", options);
    if (exceptionDetails !== undefined) {
      throw new Error(`Cannot evaluate ${expression}: ${JSON.stringify(exceptionDetails)}`);
    }
    return (result as { value: T }).value;
  }

  /** Waits until an expression holds, for twenty seconds at most. */
  async until(expression: string): Promise<void> {
    const holds = await this.evaluate<boolean>(`new Promise((resolve) => {
      const start = performance.now();
      const look = () => {
        if (${expression}) resolve(true);
        else if (performance.now() - start > 20000) resolve(false);
        else setTimeout(look, 20);
      };
      look();
    })`);
    if (!holds) throw new Error(`${expression} did not come true`);
  }

  /** Presses and lets go of a key by its name, e.g. `ArrowLeft`. */
  async press(key: string): Promise<void> {
    const code = { ArrowLeft: 37, Home: 36, Enter: 13 }[key];
    const options = {
      key,
      code: key,
      windowsVirtualKeyCode: code,
      ...(key === "Enter" ? { text: "\r" } : {}),
    };
    await this.#call("Input.dispatchKeyEvent", { type: "keyDown", ...options });
    await this.#call("Input.dispatchKeyEvent", { type: "keyUp", ...options });
  }

  #call(method: string, params: Result = {}): Promise<Result> {
    return this.#tools.call(method, params, this.#session);
  }

  #hear(method: string, params: Result): void {
    const entry = params.entry as { level: string } | undefined;
    const isBad = method === "Runtime.exceptionThrown" ||
      (method === "Runtime.consoleAPICalled" && ["error", "warning"].includes(String(params.type))) ||
      (method === "Log.entryAdded" && ["error", "warning"].includes(entry?.level ?? ""));
    if (isBad) this.complaints.push(JSON.stringify(params));
  }
}
