import manifest from "../package.json" with { type: "json" };

/** The version from package.json; it stands nowhere else. */
export const version: string = manifest.version;
