/** An exact, non-negative decimal number: `units · 10^-scale`. */
export interface Decimal {
  readonly units: bigint;
  /** At least 0. If the units end in a zero, the scale is 0. */
  readonly scale: number;
}

export const zero: Decimal = { units: 0n, scale: 0 };

const literal = /^(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d+))?$/i;
/** Far more digits than doubles have. Longer numbers would only cost time. */
const mostDigits = 10_000;

/**
 * Reads a decimal with optional point and exponent. Returns `undefined` for a minus sign, other text or too many
 * digits.
 */
export function parseDecimal(text: string): Decimal | undefined {
  const match = literal.exec(text.replace(/^\+/, ""));
  if (match === null) return undefined;
  const [, whole = "", behindPoint = "", alone = "", exponent = "0"] = match;
  const fraction = behindPoint + alone;
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return zero;
  const scale = fraction.length - Number(exponent);
  if (digits.length > mostDigits || Math.abs(scale) > mostDigits) return undefined;
  return scale < 0 ? { units: BigInt(digits) * tenTo(-scale), scale: 0 } : shorten({ units: BigInt(digits), scale });
}

export function add(one: Decimal, other: Decimal): Decimal {
  const scale = Math.max(one.scale, other.scale);
  return shorten({ units: unitsAt(one, scale) + unitsAt(other, scale), scale });
}

/** The difference, but at least zero. */
export function subtract(from: Decimal, what: Decimal): Decimal {
  const scale = Math.max(from.scale, what.scale);
  const units = unitsAt(from, scale) - unitsAt(what, scale);
  return units <= 0n ? zero : shorten({ units, scale });
}

export function isMore(one: Decimal, than: Decimal): boolean {
  const scale = Math.max(one.scale, than.scale);
  return unitsAt(one, scale) > unitsAt(than, scale);
}

/** The shortest text. It has an exponent only below 1e-6 and from 1e21 on. */
export function formatDecimal(decimal: Decimal): string {
  const { units, scale } = shorten(decimal);
  const digits = units.toString();
  const exponent = digits.length - scale - 1;
  if (units !== 0n && (exponent < -6 || exponent >= 21)) {
    const rest = digits.slice(1).replace(/0+$/, "");
    return `${digits.slice(0, 1)}${rest === "" ? "" : `.${rest}`}e${exponent}`;
  }
  if (scale === 0) return digits;
  const padded = digits.padStart(scale + 1, "0");
  return `${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function tenTo(power: number): bigint {
  return 10n ** BigInt(power);
}

function unitsAt({ units, scale }: Decimal, wanted: number): bigint {
  return units * tenTo(wanted - scale);
}

/** The same number without trailing zeros behind the point. */
export function shorten({ units, scale }: Decimal): Decimal {
  if (units === 0n || scale === 0) return { units, scale: 0 };
  const digits = units.toString();
  const zeros = Math.min(scale, digits.length - digits.replace(/0+$/, "").length);
  return zeros === 0 ? { units, scale } : { units: units / tenTo(zeros), scale: scale - zeros };
}
