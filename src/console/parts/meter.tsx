interface MeterProps {
  /** 0 to 1. A larger share is shown as full. */
  readonly share: number;
  /** The share in words, for screen readers. */
  readonly label: string;
  /** Whether 1 is a limit; then the bar changes colour from 0.8 on. */
  readonly isLimit?: boolean;
}

/** A bar that shows how much of something is used. */
export function Meter({ share, label, isLimit }: MeterProps) {
  const filled = Math.min(Math.max(share, 0), 1);
  const tone = !isLimit || share < 0.8 ? "" : share < 1 ? "high" : "full";
  return (
    <span class={`meter ${tone}`} role="img" aria-label={label}>
      <span style={{ width: `${filled * 100}%` }} />
    </span>
  );
}
