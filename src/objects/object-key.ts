import { AppError } from "../errors.ts";

const maxKeyBytes = 1024;

/** Throws unless the key has 1 to 1024 bytes of well-formed Unicode, the limits S3 sets. */
export function checkKey(key: string): void {
  if (key === "" || !key.isWellFormed()) throw refusedKey("it is empty or not well-formed Unicode");
  if (Buffer.byteLength(key) > maxKeyBytes) throw refusedKey(`it has more than ${maxKeyBytes} bytes`);
}

/** Throws unless the prefix names a whole folder: nobody means to remove by half a name, or everything. */
export function checkFolderPrefix(prefix: string): void {
  if (prefix === "/" || !prefix.endsWith("/")) throw refusedKey("a prefix to remove must be a name that ends in '/'");
  checkKey(prefix);
}

export function refusedKey(why: string): AppError {
  return new AppError("invalid_input", "This object key cannot be used", {
    operatorDetail: `Object key refused: ${why}`,
  });
}
