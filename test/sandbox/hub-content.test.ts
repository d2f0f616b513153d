import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { createHubContents } from "../../src/sandbox/hub/content.ts";

async function* large() {
  yield new Uint8Array(1_500_000);
}

test("nothing stays on the disk when the Hub closes while files are being removed", async () => {
  for (let round = 0; round < 20; round += 1) {
    const contents = createHubContents({ directory: undefined });
    const stored = await Promise.all([1, 2, 3, 4].map(() => contents.store(large())));
    const [{ content } = { content: new Uint8Array() }] = stored;
    if (content instanceof Uint8Array) throw new Error("a large file belongs on the disk");
    const removing = stored.map((file) => contents.remove(file.content));
    await contents.close();
    await Promise.all(removing);
    expect(existsSync(dirname(content.diskPath))).toBe(false);
  }
});
