interface MeterProps {
  /** 0 to 1; more is shown as full. */
  readonly share: number;
  /** In words, for those who do not see it. */
  readonly label: string;
  /** All of it is all there is to have. */
  readonly isLimit?: boolean;
}

/** A bar: how much of something is used. */
export function Meter({ share, label, isLimit }: MeterProps) {
  const filled = Math.min(Math.max(share, 0), 1);
  const tone = !isLimit || share < 0.8 ? "" : share < 1 ? "high" : "full";
  return (
    <span class={`meter ${tone}`} role="img" aria-label={label}>
      <span style={{ width: `${filled * 100}%` }} />
    </span>
  );
}
