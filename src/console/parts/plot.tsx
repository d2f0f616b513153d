import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";

export interface Series {
  readonly label: string;
  /** The name of a colour in `colours.css`. */
  readonly colour: "out" | "in" | "stored";
  readonly values: readonly number[];
  /** Whether the bars point down from zero. */
  readonly isBelow?: boolean;
  /** Whether a horizontal line across the other bars replaces the bar. */
  readonly isLevel?: boolean;
}

interface PlotProps {
  /** The plot in words, for screen readers. */
  readonly label: string;
  /** Starts of the periods, in seconds since the epoch, evenly spaced. */
  readonly starts: readonly number[];
  readonly series: readonly Series[];
  readonly stepSeconds: number;
  format(value: number): string;
  /** Allowed distances between the marks of the axis. */
  readonly increments: readonly number[];
  onPoint(index: number | undefined): void;
}

const height = 190;
const daySeconds = 86_400;

/** Bars over time. The plot itself is only a picture, so show its figures as text too. */
export function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = useScheme();
  const { starts, series } = props;
  const latest = useRef(props);
  latest.current = props;
  const plot = useRef<uPlot | undefined>(undefined);
  const shape = JSON.stringify([scheme, props.stepSeconds, props.increments[0], series.map(({ label }) => label)]);

  // Creates the plot again only if its look changes.
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new uPlot(optionsOf(latest, element), dataOf(latest.current), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [shape]);

  const data = JSON.stringify([starts, series.map(({ values }) => values)]);
  // `data` stands for the content of `starts` and `series`.
  useEffect(() => plot.current?.setData(dataOf(latest.current)), [data]);

  return <div class="plot" ref={place} role="img" aria-label={props.label} />;
}

function dataOf({ starts, series }: PlotProps): uPlot.AlignedData {
  // Draws no bar for 0.
  const drawn = (value: number, isBelow = false) => (value === 0 ? null : isBelow ? -value : value);
  return [[...starts], ...series.map(({ values, isBelow }) => values.map((value) => drawn(value, isBelow)))];
}

function optionsOf(latest: { current: PlotProps }, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const { series, stepSeconds, increments } = latest.current;
  const axis = {
    stroke: colour("quiet"),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colour("grid"), width: 1 },
    ticks: { show: false },
  };
  const bars = uPlot.paths.bars?.({ size: [0.72, 40], align: 1, radius: 0.15 });
  const levels = levelsOver(stepSeconds);
  return {
    width: element.clientWidth,
    height,
    padding: [8, 22, 0, 0],
    legend: { show: false },
    // The node counts days in UTC.
    ...(stepSeconds >= daySeconds ? { tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") } : {}),
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: true, range: () => spanOf(latest.current) },
      y: { range: (_, min, max) => rangeOf(min ?? 0, max ?? 0, increments[0] ?? 1) },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: 56, values: timeLabels(stepSeconds) },
      {
        ...axis,
        size: 66,
        gap: 6,
        space: 34,
        incrs: [...increments],
        values: (_, marks) => marks.map((mark) => latest.current.format(Math.abs(mark))),
      },
    ],
    series: [
      {},
      ...series.map(({ label, colour: name, isLevel }): uPlot.Series => {
        const shared = { label, stroke: colour(name), points: { show: false } };
        if (isLevel) return { ...shared, width: 2, paths: levels };
        return { ...shared, width: 0, fill: colour(name), ...(bars === undefined ? {} : { paths: bars }) };
      }),
    ],
    hooks: { setCursor: [({ cursor }) => latest.current.onPoint(cursor.idx ?? undefined)] },
  };
}

function levelsOver(stepSeconds: number): uPlot.Series.PathBuilder {
  return (plot, index, first, last) => {
    const stroke = new Path2D();
    const [starts, values] = [plot.data[0], plot.data[index] ?? []];
    for (let at = first; at <= last; at++) {
      const [start, value] = [starts[at], values[at]];
      if (start === undefined || value === undefined || value === null) continue;
      const y = plot.valToPos(value, "y", true);
      stroke.moveTo(plot.valToPos(start, "x", true), y);
      stroke.lineTo(plot.valToPos(start + stepSeconds, "x", true), y);
    }
    return { stroke };
  };
}

/** The time axis spans at least this many periods, so that a few bars do not fill the whole width. */
const fewestPeriods = 10;

function spanOf({ starts, stepSeconds }: PlotProps): [number, number] {
  const [first = 0, last = first] = [starts[0], starts.at(-1)];
  const end = last + stepSeconds;
  return [Math.min(first, end - fewestPeriods * stepSeconds), end];
}

/** The range includes zero, and leaves room for one mark if all values are 0. */
function rangeOf(min: number, max: number, least: number): [number, number] {
  const span = Math.max(max - Math.min(min, 0), least);
  return [min < 0 ? min - span * 0.08 : 0, Math.max(max, min < 0 ? 0 : least) + span * 0.08];
}

function timeLabels(stepSeconds: number): (plot: uPlot, marks: number[]) => string[] {
  const isDaily = stepSeconds >= daySeconds;
  const format = new Intl.DateTimeFormat(
    "en-GB",
    isDaily ? { day: "numeric", month: "short", timeZone: "UTC" } : { hour: "2-digit", minute: "2-digit" },
  );
  return (_, marks) => marks.map((mark) => format.format(mark * 1000));
}

/** `dark` or `light`. The plot must be drawn again when it changes, since a canvas does not follow CSS. */
function useScheme(): string {
  const [scheme, setScheme] = useState(readScheme);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => setScheme(readScheme());
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return scheme;
}

function readScheme(): string {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
