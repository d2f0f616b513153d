import type { Upload } from "./upload.ts";

export interface WholeForm {
  /** The file's bytes; ends only when the form has come to its proper end, so that half a form never passes for a file. */
  readonly body: ReadableStream<Uint8Array>;
  /** All text parts; to be asked when `body` has ended. */
  fields(): ReadonlyMap<string, string>;
}

export function wholeForm(upload: Upload): WholeForm {
  const reader = upload.body.getReader();
  let fields: ReadonlyMap<string, string> = upload.early;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (isCancelled) return;
        if (!done) return controller.enqueue(value);
        fields = await upload.rest();
        controller.close();
      },
      cancel(reason) {
        isCancelled = true;
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return { body, fields: () => fields };
}
