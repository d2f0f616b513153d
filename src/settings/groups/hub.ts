import { baseUrl, oneOf, text, uuid, wholeNumber } from "../schemas.ts";
import type { SettingGroup } from "../setting.ts";

const FOR_PASSWORD = { name: "HUB__AUTH__FLOW", is: ["password"] } as const;
const FOR_ROBOT_OR_CLIENT = { name: "HUB__AUTH__FLOW", is: ["robot", "client"] } as const;
const DAY_SECONDS = 86_400;

export const HUB = {
  HUB__CORE_BASE_URL: {
    schema: baseUrl,
    default: "https://core.privateaim.net",
    refusesEmpty: true,
    doc: "The Hub's core API; may have a path.",
  },
  HUB__STORAGE_BASE_URL: {
    schema: baseUrl,
    default: "https://storage.privateaim.net",
    refusesEmpty: true,
    doc: "The Hub's storage API; may have a path.",
  },
  HUB__AUTH_BASE_URL: {
    schema: baseUrl,
    default: "https://auth.privateaim.net",
    refusesEmpty: true,
    doc: "The Hub's sign-in API; may have a path.",
  },
  HUB__AUTH__FLOW: {
    schema: oneOf("password", "robot", "client"),
    required: true,
    example: "client",
    doc: "How this node signs in to the Hub: `password`, `robot` or `client`.",
  },
  HUB__AUTH__USERNAME: { schema: text, required: FOR_PASSWORD, doc: "User name for the flow `password`." },
  HUB__AUTH__PASSWORD: { schema: text, required: FOR_PASSWORD, secret: true, doc: "Password for the flow `password`." },
  HUB__AUTH__ID: {
    schema: text,
    required: FOR_ROBOT_OR_CLIENT,
    example: "00000000-0000-4000-8000-000000000000",
    doc: "UUID of the robot or client.",
  },
  HUB__AUTH__SECRET: {
    schema: text,
    required: FOR_ROBOT_OR_CLIENT,
    secret: true,
    example: "change-me",
    doc: "Secret of the robot or client.",
  },
  HUB__NODE_ID: {
    schema: uuid,
    doc: "This node's id on the Hub; looked up there by the robot or client when not set.",
  },
  HUB__CACHE_SECONDS: {
    schema: wholeNumber(0, 365 * DAY_SECONDS),
    default: "300",
    doc: "How long to remember which project and buckets belong to an analysis, which never change; 0 = not at all.",
  },
} as const satisfies SettingGroup;
