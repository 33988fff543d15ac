/**
 * Makes the tree crowns' data set, in a process of its own: decoding images takes `--allow-ffi`, which the commands do
 * without. Arguments: the folder of photographs, and the folder to make.
 *
 * @module
 */
import { makeTreeCrowns } from "../lib/data/tree_crowns.ts";

if (import.meta.main) await makeTreeCrowns(Deno.args[0], Deno.args[1]);
