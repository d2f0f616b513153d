import { defineConfig } from "drizzle-kit";

// Paths are relative to the project's root, from where drizzle-kit is run.
export default defineConfig({
  dialect: "postgresql",
  schema: [
    "./src/catalog/postgres-schema.ts",
    "./src/submissions/store/postgres-schema.ts",
    "./src/database/postgres-removed-project.ts",
    "./src/record/postgres-schema.ts",
    "./src/operators/postgres-schema.ts",
    "./src/idempotency/postgres-schema.ts",
    "./src/digests/postgres-schema.ts",
    "./src/peers/postgres-schema.ts",
    "./src/retention/postgres-schema.ts",
    "./src/release/postgres-schema.ts",
    "./src/privacy/budget/postgres-schema.ts",
  ],
  out: "./drizzle/postgres",
});
