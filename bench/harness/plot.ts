import { formatFigure } from "./report.ts";

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Lines over a logarithmic axis, or one from zero. */
export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** How an x is written; on a logarithmic axis every x that was measured is marked. */
  readonly formatX: (x: number) => string;
  readonly linearX?: boolean;
  /** Logarithmic too; else from zero. */
  readonly logY?: boolean;
}

const [width, height] = [720, 400];
const area = { left: 70, right: 530, top: 50, bottom: 340 };
const colours = ["#0b5fa5", "#d1495b", "#2e8b57", "#b8860b", "#6a4c93", "#444444"];

interface Scale {
  readonly ticks: readonly number[];
  readonly position: (value: number) => number;
}

function linearScale(largest: number, from: number, to: number): Scale {
  const rough = Math.max(largest, Number.MIN_VALUE) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const count = Math.ceil(largest / step);
  return {
    ticks: Array.from({ length: count + 1 }, (_, i) => i * step),
    position: (value) => from + ((to - from) * value) / (count * step),
  };
}

function logScale(values: readonly number[], from: number, to: number, ticks?: readonly number[]): Scale {
  const low = ticks === undefined ? Math.floor(Math.log10(Math.min(...values))) : Math.log10(Math.min(...values));
  const high = ticks === undefined ? Math.ceil(Math.log10(Math.max(...values))) : Math.log10(Math.max(...values));
  const span = high - low || 1;
  return {
    ticks: ticks ?? Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
    position: (value) => from + ((to - from) * (Math.log10(value) - low)) / span,
  };
}

const text = (x: number, y: number, content: string, more = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${content.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;

const line = (x1: number, y1: number, x2: number, y2: number, more: string) =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ${more}/>`;

function axes(plot: Plot, x: Scale, y: Scale): string[] {
  const { left, right, top, bottom } = area;
  const grid = 'stroke="#ddd"';
  return [
    text(left, 26, plot.title, 'font-size="15" font-weight="bold"'),
    text((left + right) / 2, bottom + 44, plot.xLabel, 'text-anchor="middle"'),
    text(left, top - 8, plot.yLabel, 'text-anchor="start" fill="#555"'),
    ...y.ticks.map((tick) => line(left, y.position(tick), right, y.position(tick), grid)),
    ...y.ticks.map((tick) => text(left - 8, y.position(tick) + 4, formatFigure(tick), 'text-anchor="end"')),
    ...x.ticks.map((tick) => line(x.position(tick), top, x.position(tick), bottom, grid)),
    ...x.ticks.map((tick) => text(x.position(tick), bottom + 20, plot.formatX(tick), 'text-anchor="middle"')),
    line(left, bottom, right, bottom, 'stroke="#333"'),
  ];
}

function curve({ name, points }: Series, index: number, x: Scale, y: Scale): string[] {
  const colour = colours[index % colours.length];
  const places = points.map(([px, py]) => [x.position(px), y.position(py)] as const);
  const path = places.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ");
  const legendY = area.top + 10 + index * 20;
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...places.map(([px, py]) => `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3" fill="${colour}"/>`),
    line(area.right + 14, legendY, area.right + 34, legendY, `stroke="${colour}" stroke-width="2"`),
    text(area.right + 40, legendY + 4, name),
  ];
}

/** The plot as an SVG document. */
export function drawPlot(plot: Plot): string {
  const points = plot.series.flatMap((series) => series.points);
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const ys = points.map(([, y]) => y);
  const [start, end] = [area.left + 10, area.right - 10];
  const x = plot.linearX ? linearScale(Math.max(...xs), start, end) : logScale(xs, start, end, xs);
  const y = plot.logY ? logScale(ys, area.bottom, area.top) : linearScale(Math.max(...ys), area.bottom, area.top);
  const body = [...axes(plot, x, y), ...plot.series.flatMap((series, index) => curve(series, index, x, y))];
  const style = 'font-family="sans-serif" font-size="12" fill="#222"';
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>
<title>${plot.title}</title>
<rect width="${width}" height="${height}" fill="white"/>
${body.join("\n")}
</svg>
`;
}
