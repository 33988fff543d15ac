/**
 * A process of its own, in whatever folder it is started: prints what `search` without flags resolves to, as JSON.
 *
 * @module
 */
import { resolveConfig } from "../../tasks/cli.ts";

console.log(JSON.stringify(await resolveConfig("search", [])));
