import { defineConfig } from "drizzle-kit";

// Paths are relative to the project's root, from where drizzle-kit is run.
export default defineConfig({
  dialect: "sqlite",
  schema: [
    "./src/catalog/sqlite-schema.ts",
    "./src/submissions/store/sqlite-schema.ts",
    "./src/database/sqlite-removed-project.ts",
    "./src/record/sqlite-schema.ts",
    "./src/operators/sqlite-schema.ts",
    "./src/idempotency/sqlite-schema.ts",
    "./src/digests/sqlite-schema.ts",
    "./src/peers/sqlite-schema.ts",
    "./src/retention/sqlite-schema.ts",
    "./src/release/sqlite-schema.ts",
    "./src/privacy/budget/sqlite-schema.ts",
  ],
  out: "./drizzle/sqlite",
});
