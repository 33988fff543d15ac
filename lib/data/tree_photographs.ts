/**
 * Which photographs the tree crowns are of.
 *
 * @module
 */

/** A photograph and the split that all of it goes to: no place is in two splits. */
export interface TreePhotograph {
  /** File name without extension; there is a `.png` and a `.xml`. */
  readonly name: string;
  readonly split: "train" | "val" | "test";
}

/**
 * The photographs, split by site: Yellowstone twice, some 13 km apart; Ordway-Swisher in Florida and Soaproot Saddle in
 * California, which nothing was trained on.
 */
export const treePhotographs: readonly TreePhotograph[] = [
  { name: "2019_YELL_2_528000_4978000_image_crop2", split: "train" },
  { name: "2019_YELL_2_541000_4977000_image_crop", split: "val" },
  { name: "OSBS_029", split: "test" },
  { name: "SOAP_061", split: "test" },
];
