import { describeApp } from "../../src/http/whole-app.ts";
import { version } from "../../src/version.ts";

/** The parts of the OpenAPI document that the tests look at. */
export interface ApiDocument {
  readonly openapi: string;
  readonly info: object;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly headers: Readonly<Record<string, Header>>;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: object;
  };
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: {
      readonly "multipart/form-data"?: { readonly schema: FormSchema };
      readonly "application/json"?: { readonly schema: JsonSchema };
    };
  };
  readonly responses: Readonly<Record<string, Answer>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description: string;
  readonly schema: ValueSchema;
}

/** What a single value may be. */
export interface ValueSchema {
  readonly type: string;
  readonly format?: string;
  readonly example?: string;
  readonly enum?: readonly string[];
}

/** The parts of JSON Schema in which bodies are described. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly example?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

export interface FormSchema {
  readonly required: readonly string[];
  readonly properties: Readonly<
    Record<string, { readonly type: string; readonly format?: string; readonly enum?: readonly string[] }>
  >;
}

export interface Answer {
  readonly description: string;
  readonly headers: Readonly<Record<string, Header | { readonly $ref: string }>>;
  readonly content?: Readonly<Record<string, Content>>;
}

export interface Content {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

export interface Header {
  readonly required: boolean;
}

/** An operation and where it stands. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The document as the service serves it. */
export function loadDocument(): ApiDocument {
  return JSON.parse(JSON.stringify(describeApp(version)));
}

export function routesOf(document: ApiDocument): Route[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

/** JSON Pointer, RFC 6901 §3. */
export function pointer(...steps: readonly string[]): string {
  return steps.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
