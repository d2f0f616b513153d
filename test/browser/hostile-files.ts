import { deflateRawSync } from "node:zlib";

type Content = string | Uint8Array<ArrayBuffer>;

/** What all of it tries: to ask for this path, and to leave its mark on the page. */
export const ranPath = "/ran";
const code = `document.title='hacked';fetch('${ranPath}')`;
const script = `<script>${code}</script>`;
const image = `<img src=${ranPath} onerror="${code}">`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="${code}">${script}<image href="${ranPath}"/></svg>`;
const html = `<!doctype html><base href="${ranPath}/">${image}${script}<meta http-equiv=refresh content="0;url=${ranPath}">`;

const ascii = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const joined = (...parts: readonly Content[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part))));

const png = new Uint8Array(
  Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNsaGj4DwAFhAKAjM1mJgAAAABJRU5ErkJggg==",
    "base64",
  ),
);

/** A pickle that would make the file if somebody opened it (protocol 0: `os.system`). */
export const picklePath = "/tmp/flame-result-pickle-ran";
const pickle = ascii(`cos\nsystem\n(S'touch ${picklePath}'\ntR.`);
const newPickle = joined(ascii("\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00"), pickle);

const bombPieceBytes = 16 * 1_048_576;
const bombPieces = 256;

/** A ZIP of a few MiB that unpacks to 4 GiB of zeros: the same block 256 times. */
export function zipBomb(name = "data.csv"): Uint8Array<ArrayBuffer> {
  const piece = deflateRawSync(new Uint8Array(bombPieceBytes), { finishFlush: 3 });
  const end = deflateRawSync(new Uint8Array());
  const size = Math.min(bombPieces * bombPieceBytes, 0xffff_ffff);
  const packed = bombPieces * piece.length + end.length;
  const entry = new DataView(new ArrayBuffer(30));
  const fields = (view: DataView, start: number) => {
    view.setUint16(start, 20, true);
    view.setUint16(start + 4, 8, true);
    view.setUint32(start + 14, packed, true);
    view.setUint32(start + 18, size, true);
    view.setUint16(start + 22, name.length, true);
  };
  entry.setUint32(0, 0x04034b50, true);
  fields(entry, 4);
  const central = new DataView(new ArrayBuffer(46));
  central.setUint32(0, 0x02014b50, true);
  fields(central, 6);
  const tail = new DataView(new ArrayBuffer(22));
  tail.setUint32(0, 0x06054b50, true);
  tail.setUint16(8, 1, true);
  tail.setUint16(10, 1, true);
  tail.setUint32(12, 46 + name.length, true);
  tail.setUint32(16, 30 + name.length + packed, true);
  const bytes = (view: DataView<ArrayBuffer>) => new Uint8Array(view.buffer);
  const pieces = Array<Uint8Array>(bombPieces).fill(piece);
  const body = [bytes(entry), name, ...pieces, end, bytes(central), name, bytes(tail)];
  return joined(...body.map((part) => (typeof part === "string" ? part : new Uint8Array(part))));
}

/** Files by name and content that are bad for whoever opens them, or so they hope. */
export const hostileFiles: readonly (readonly [name: string, content: Content])[] = [
  [`${image}.csv`, `group,n\n${image},3\n${script},4\n`],
  [`"><svg onload=${code}>.csv`, `"><svg onload=${code}>,n\n=1,2\n`],
  ["javascript:alert(1)", "javascript:alert(1)"],
  [`=HYPERLINK("http://127.0.0.1:9${ranPath}").csv`, "a,b\n=cmd|' /C calc'!A0,1\n+1+1,2\n-2+3,3\n@SUM(A1),4\n\t=1,5\n"],
  ["..%2f..%0d%0aSet-Cookie:x=1.txt", "a line\r\nSet-Cookie: x=1\r\n\r\n<script>"],
  ["\u202efdp.exe.txt", "\u202e\u2066 turned around \u2069"],
  ["{{constructor.constructor('x')()}}.json", `{"__proto__":{"toString":1},"constructor":"</script>${script}"}`],
  ["page.html", html],
  ["page.csv", html],
  ["utf16.html", new Uint8Array(Buffer.from(`\ufeff${html}`, "utf16le"))],
  ["utf7.html", `+ADw-script+AD4-${code}+ADw-/script+AD4-`],
  ["late.txt", `${"x ".repeat(3_000)}${html}`],
  ["page.xhtml", `<html xmlns="http://www.w3.org/1999/xhtml"><head>${script}</head></html>`],
  ["style.xml", `<?xml version="1.0"?><?xml-stylesheet href="${ranPath}" type="text/xsl"?><a/>`],
  ["laughs.xml", `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>`],
  ["drawing.svg", svg],
  ["drawing.png", svg],
  [
    "page.mhtml",
    `MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n\n${html}\n--x--`,
  ],
  ["gif-or-script.gif", `GIF89a=1;${code};/*${html}*/`],
  ["png-or-page.png", joined(png, html)],
  ["jpeg-or-page.jpg", joined(ascii("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), html)],
  ["bmp-or-script.bmp", `BM=1;${code}`],
  ["paper.pdf", `%PDF-1.7\n1 0 obj <</OpenAction <</S /JavaScript /JS (${code})>> /URI (${ranPath})>> endobj`],
  ["pdf-or-page.pdf", `%PDF-1.7\n${html}`],
  ["page-or-pdf.html", `${html}\n%PDF-1.7\n`],
  ["model.pkl", pickle],
  ["model.json", newPickle],
  ["bomb.zip", zipBomb()],
  ["bomb.csv", zipBomb("../../etc/passwd")],
  [
    "bomb.gz",
    joined(ascii("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"), deflateRawSync(new Uint8Array(64 * 1_048_576))),
  ],
  ["deep.json", "[".repeat(100_000)],
  ["wide.csv", `${Array(5_000).fill(image).join(",")}\n`],
];
