/**
 * What can be typed: the commands and the flags they share. Help texts and the parser's lists come from here.
 *
 * @module
 */
import { publishedNames } from "../lib/space/published.ts";
import { configs, defaultConfigName, paperConfigs } from "./configs/mod.ts";

/** The commands that take the common flags, with what each does. */
export const commands = {
  search:
    "Does the whole job: pretrain, finetune, search, retrain, evaluate, report. Finished stages are skipped.",
  pretrain: "Trains the supernet on images with class labels.",
  finetune: "Trains the pretrained supernet under a detector, on images with boxes.",
  rank: "Retrains architectures spread over the budget and compares with the supernet's scores of them.",
  profile: "Times every block choice on the device in use and writes a table of latencies.",
  retrain: "Trains the search's winner, or the architecture that is named.",
  evaluate: "Measures the retrained winner's AP on the test split, or scores any detector's results.",
  report: "Writes report.html from what the run has so far, or the tables of several runs.",
  tensorboard: "Writes TensorBoard's event file from what a run has recorded, finished or not.",
  doctor:
    "Checks engine, device and data, shows what the data is like, and says what to do about what is wrong.",
} as const;

/** A command's name, as in `deno task NAME`. */
export type Command = keyof typeof commands;

/** One flag. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** What its value is, e.g. `DIR`; null for a flag without one. */
  readonly value: string | null;
  /** What it does. */
  readonly help: string;
  /** The commands that take it, if not all do; these read it themselves. */
  readonly only?: readonly Command[];
}

/** The commands that work on a run. */
const runCommands: readonly Command[] = [
  ...["search", "pretrain", "finetune", "rank", "profile", "retrain", "evaluate", "report"] as const,
];

/** The configs that are not the paper's. */
export const ownConfigNames: readonly string[] = [...configs.keys()].filter((name) =>
  !paperConfigs.has(name)
);

/** The commands that work long enough to be watched. */
const dashboardCommands: readonly Command[] = ["search", "pretrain", "finetune", "retrain"];

/** All flags, in the help's order. */
const flags: readonly Flag[] = [
  {
    name: "config",
    value: "NAME|FILE.json",
    help: `experiment: ${ownConfigNames.join(", ")}, one of the paper's (below), or a file like a run's ` +
      `config.json; default: what --run holds, else ${defaultConfigName}`,
  },
  { name: "data", value: "DIR", help: "images with boxes, Pascal VOC or COCO layout" },
  { name: "pretrain-data", value: "DIR", help: "images with class labels, ImageNet layout" },
  {
    name: "architecture",
    value: "NAME",
    help: `trained without a search: ${publishedNames().join(", ")}, choices as 2120…, or random`,
  },
  { name: "supernet", value: "RUN", help: "folder of another run, whose trained supernet is used" },
  { name: "run", value: "DIR", help: "run folder; default: runs/<config's name>" },
  {
    name: "workers",
    value: "N",
    help: "worker processes that train together and score candidates, one a device",
  },
  {
    name: "open-ports",
    value: null,
    help:
      "lets workers listen on TCP ports, for anyone who connects: where there is no private network, or across machines",
  },
  { name: "device", value: "cpu|gpu", help: "what computes" },
  { name: "threads", value: "N", help: "CPU threads a worker; default: the cores shared out" },
  {
    name: "kernels",
    value: "auto|fused|tensorflow|xla",
    help:
      "what runs blocks, pyramid and heads; auto: fused on a CPU where a C++ compiler is present; xla: compiled by XLA, for a GPU",
  },
  { name: "seed", value: "N", help: "names every random draw" },
  { name: "set", value: "KEY.PATH=VALUE", help: "changes one field of the config; may be repeated" },
  {
    name: "approximate",
    value: null,
    help: "goes on although something that the result depends on has changed, and records what",
  },
  {
    name: "batch",
    value: "auto",
    help:
      "a new run's batch sizes: as many images as fit and still bring more images a second, learning rates in proportion",
    only: ["search", "pretrain", "finetune", "retrain"],
  },
  {
    name: "tensorboard",
    value: null,
    help: "keeps TensorBoard's event file in the run's folder tensorboard",
    only: runCommands.filter((command) => command !== "profile"),
  },
  {
    name: "quiet",
    value: null,
    help: "tells results and errors only",
    only: runCommands,
  },
  {
    name: "json",
    value: null,
    help: "tells what happens as one JSON object a line: see docs/runs.md, Progress for programs",
    only: runCommands,
  },
  {
    name: "dashboard",
    value: null,
    help: "serves a page that shows how the run goes, to this machine only, and prints its address",
    only: dashboardCommands,
  },
  {
    name: "dashboard-port",
    value: "PORT",
    help: "serves it at this port; default: any free one",
    only: dashboardCommands,
  },
  { name: "architectures", value: "K", help: "architectures to retrain; default 8", only: ["rank"] },
  {
    name: "recalibration",
    value: "MODES",
    help: "batch norm modes to score under, joined by commas; default: the config's",
    only: ["rank"],
  },
  {
    name: "steps",
    value: "N",
    help: "steps of each retraining; default: the config's",
    only: ["rank"],
  },
  {
    name: "annotations",
    value: "ANN.json|DIR",
    help: "with --detections, scores any detector's results instead; see --annotations --help",
    only: ["evaluate"],
  },
  { name: "detections", value: "DET.json", help: "the results, in COCO's format", only: ["evaluate"] },
  {
    name: "compare",
    value: "RUN...",
    help: "writes the tables of several runs instead; see --compare --help",
    only: ["report"],
  },
  { name: "repeats", value: "N", help: "measurements of each part", only: ["profile"] },
  { name: "out", value: "FILE", help: "where the table goes", only: ["profile"] },
  {
    name: "contact-sheet",
    value: "FILE.html",
    help: "writes a page of photographs with their boxes: random, extreme and suspicious ones",
    only: ["doctor"],
  },
  {
    name: "write-config",
    value: "FILE.json",
    help: "writes the config with what is proposed, for --config FILE.json",
    only: ["doctor"],
  },
  { name: "help", value: null, help: "shows this" },
];

/** The flags that a command takes. */
export function flagsOf(command: Command): Flag[] {
  return flags.filter(({ only }) => only === undefined || only.includes(command));
}

/** A command's help text, ending in a newline. */
export function helpText(command: Command): string {
  const own = flagsOf(command);
  const left = own.map(({ name, value }) => value === null ? `--${name}` : `--${name} ${value}`);
  const width = Math.max(...left.map((text) => text.length));
  const lines = own.map(({ help }, i) => `  ${left[i].padEnd(width)}  ${help}`);
  const paper = ["The paper's experiments:", ...[...paperConfigs.keys()].map((name) => `  ${name}`)];
  return [`deno task ${command} [flags]`, "", commands[command], "", ...lines, "", ...paper, ""].join("\n");
}
