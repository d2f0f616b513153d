import manifest from "../package.json" with { type: "json" };

/** The one place the version comes from is package.json. */
export const version: string = manifest.version;
