import { expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { createDeliver } from "../../src/submissions/deliver.ts";
import { submissionKey } from "../../src/submissions/store/submission-store.ts";
import { fakeHub, memoryObjects, newSha256 } from "../results/fakes.ts";
import { createTestLog } from "../support/log.ts";
import { newSubmission } from "./new-submission.ts";

const signal = new AbortController().signal;

async function attempt(error: AppError) {
  const submission = { ...newSubmission(), attempts: 1 };
  const objects = memoryObjects();
  await objects.put(submissionKey(submission.id), new Blob(["content"]).stream(), {
    contentType: "text/csv",
    filename: "x",
  });
  const hub = fakeHub({
    async upload() {
      throw error;
    },
  });
  const deliver = createDeliver({ hub, objects, newHash: newSha256, log: createTestLog().log });
  return (await deliver(submission, { mayRename: false, signal })).kind;
}

const refusal = (status: number, more = {}) =>
  new AppError("hub_unexpected", `Hub returned an unexpected response (${status})`, { upstream: { status, ...more } });

test.each([401, 408, 409, 425, 429, 500, 502, 503, 504])(
  "a Hub that answers %i to an upload is tried again",
  async (status) => {
    expect(await attempt(refusal(status))).toBe("later");
  },
);

test.each([400, 403, 404, 413, 422])("a Hub that answers %i to an upload means it", async (status) => {
  expect(await attempt(refusal(status))).toBe("no");
});

test("what is about our sign-in, or comes from something before the Hub, says nothing about the file", async () => {
  expect(await attempt(refusal(400, { isAboutSignIn: true }))).toBe("later");
  for (const status of [403, 404]) expect(await attempt(refusal(status, { isForeign: true }))).toBe("later");
});
