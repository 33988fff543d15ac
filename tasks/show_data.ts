/**
 * The part of `deno task doctor` that looks into a data set.
 *
 * @module
 */
import type { Config } from "../lib/config/schema.ts";
import { unknownSplits } from "../lib/data/unknown_splits.ts";
import { writeFileAtomic } from "../lib/run/atomic_file.ts";
import { contactPicks } from "../lib/survey/contact_picks.ts";
import { canvasesOf, surveyData, type SurveyedData } from "../lib/survey/data_survey.ts";
import { propose } from "../lib/survey/proposals.ts";
import { findSuspectFiles } from "../lib/survey/suspect_files.ts";
import { findSuspicions } from "../lib/survey/suspicions.ts";
import { type CheckResult, ok } from "./check_result.ts";
import { writeContactSheet } from "./contact_sheet.ts";
import {
  checkClasses,
  checkProposals,
  checkSizes,
  checkSplits,
  checkSuspicions,
  proposedConfig,
} from "./doctor_data.ts";

/** Files to write; null for none. */
export interface ShownFiles {
  /** The contact sheet. */
  readonly contactSheet: string | null;
  /** The config with what is proposed. */
  readonly writeConfig: string | null;
}

/**
 * Looks at the data set of a config, and writes what is asked for.
 *
 * @throws If an image file is missing, or a file can't be written.
 */
export async function showData(
  config: Config,
  data: SurveyedData,
  { contactSheet, writeConfig }: ShownFiles,
): Promise<CheckResult[]> {
  const canvases = canvasesOf(config.detector);
  const survey = surveyData(data, canvases);
  const suspicions = findSuspicions(data, canvases);
  const files = await findSuspectFiles(data);
  const source = config.detectionData;
  const unknown = source.kind === "folder" ? await unknownSplits(source.path) : [];
  const proposals = propose(data, config);
  const results = [
    checkSplits(survey),
    checkClasses(data, survey),
    checkSizes(survey, config),
    checkSuspicions(suspicions, files, unknown),
    checkProposals(proposals),
  ];
  if (contactSheet !== null) {
    const groups = contactPicks(data, suspicions);
    await writeContactSheet(contactSheet, { config, groups, title: `${config.name}: a look at the data` });
    results.push(ok("sheet", contactSheet));
  }
  if (writeConfig !== null) {
    const text = JSON.stringify(proposedConfig(config, proposals.fields), null, 2);
    await writeFileAtomic(writeConfig, `${text}\n`);
    results.push(ok("config", writeConfig));
  }
  return results;
}
