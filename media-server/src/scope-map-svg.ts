import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScopeFlow, ScopeMap, ScopePart } from './scope-map.ts';

const BOX = { width: 250, line: 16, padding: 12, gap: 36 } as const;
const COLUMNS = [30, 400, 770] as const;
const TOP = 90;
const LINE_LENGTH = 36;
const WIDTH = 1050;
const COLOURS = {
  cde: { fill: '#fdecea', stroke: '#b3261e' },
  connected: { fill: '#fff7e0', stroke: '#8a6100' },
  outside: { fill: '#f3f4f6', stroke: '#4b5563' },
} as const;

interface Box {
  readonly part: ScopePart;
  readonly lines: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** Draws the map: parts as boxes by scope, flows as numbered arrows that the list below explains. */
export function scopeSvg(map: ScopeMap): string {
  const boxes = place(map.parts);
  const bottom = Math.max(...[...boxes.values()].map((box) => box.y + box.height)) + 40;
  const legend = map.flows.map((flow, index) => legendLine(flow, index, bottom + 30 + index * 20));
  const height = bottom + 50 + map.flows.length * 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Scope map: where card data flows</title>',
    '<defs>',
    ...['#374151', '#b3261e'].map(
      (colour) =>
        `<marker id="head-${colour.slice(1)}" viewBox="0 0 8 8" refX="8" refY="4" markerUnits="userSpaceOnUse" markerWidth="12" markerHeight="12" orient="auto"><path d="M0 0L8 4L0 8z" fill="${colour}"/></marker>`,
    ),
    '</defs>',
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(30, 34, 'Scope map', 'font-size="20" font-weight="bold"'),
    text(
      30,
      58,
      'Red: holds card digits for seconds. Yellow: speaks with it. Grey: outside. Thick red arrows carry card digits.',
    ),
    ...map.flows.map((flow, index) => arrow(flow, index, boxes, map.flows)),
    ...[...boxes.values()].map(drawBox),
    text(30, bottom + 8, 'Flows', 'font-size="14" font-weight="bold"'),
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

/** Left: where customers and payment services are. Middle: ours. Right: agents and systems. */
function columnOf(part: ScopePart): 0 | 1 | 2 {
  if (part.scope !== 'outside') return 1;
  return /phone|^Trunk|^Payment service/.test(part.name) ? 0 : 2;
}

function place(parts: readonly ScopePart[]): Map<string, Box> {
  const next = [TOP, TOP, TOP];
  const boxes = new Map<string, Box>();
  for (const part of parts) {
    const column = columnOf(part);
    const lines = [part.what, ...part.listens.map((where) => `• ${where}`), ...part.keeps.map((kept) => `▪ ${kept}`)];
    const wrapped = lines.flatMap(wrap);
    const height = BOX.padding * 2 + BOX.line * (wrapped.length + 1);
    const y = next[column] ?? TOP;
    boxes.set(part.name, { part, lines: wrapped, x: COLUMNS[column], y, height });
    next[column] = y + height + BOX.gap;
  }
  return boxes;
}

function wrap(words: string): string[] {
  const lines: string[] = [];
  for (const word of words.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LINE_LENGTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function drawBox({ part, lines, x, y, height }: Box): string {
  const { fill, stroke } = COLOURS[part.scope];
  return [
    `<rect x="${x}" y="${y}" width="${BOX.width}" height="${height}" rx="8" fill="${fill}" stroke="${stroke}" stroke-width="${part.scope === 'cde' ? 3 : 1.5}"/>`,
    text(x + BOX.padding, y + BOX.padding + 12, part.name, 'font-weight="bold" font-size="13"'),
    ...lines.map((line, index) => text(x + BOX.padding, y + BOX.padding + 12 + BOX.line * (index + 1), line)),
  ].join('\n');
}

function arrow(flow: ScopeFlow, index: number, boxes: Map<string, Box>, flows: readonly ScopeFlow[]): string {
  const [from, to] = [boxes.get(flow.from), boxes.get(flow.to)];
  if (!from || !to) throw new Error(`A flow between parts that aren't there: ${flow.from}, ${flow.to}`);
  const colour = flow.cardData ? '#b3261e' : '#374151';
  // Ends are spread along the boxes' edges, so that no two arrows lie on each other.
  const along = (box: Box) => {
    const mine = flows.filter((other) => other.from === box.part.name || other.to === box.part.name);
    return (mine.indexOf(flow) + 1) / (mine.length + 1);
  };
  const stacked = from.x === to.x;
  const right = from.x < to.x;
  const edge = (box: Box, outward: boolean) => ({
    x: stacked ? box.x + BOX.width : outward === right ? box.x + BOX.width : box.x,
    y: box.y + box.height * along(box),
  });
  const [a, b] = [edge(from, true), edge(to, false)];
  const bend = stacked ? 50 : (b.x - a.x) / 2;
  const bends = [a.x + bend, stacked ? b.x + bend : b.x - bend] as const;
  const path = `M${a.x} ${a.y.toFixed(1)}C${bends[0]} ${a.y.toFixed(1)} ${bends[1]} ${b.y.toFixed(1)} ${b.x} ${b.y.toFixed(1)}`;
  // Numbers stand at different places along their arrows, or they would hide each other.
  const t = 0.2 + 0.15 * (index % 5);
  const at = (p0: number, p1: number, p2: number, p3: number) =>
    (1 - t) ** 3 * p0 + 3 * (1 - t) ** 2 * t * p1 + 3 * (1 - t) * t ** 2 * p2 + t ** 3 * p3;
  const middle = { x: Math.round(at(a.x, bends[0], bends[1], b.x)), y: at(a.y, a.y, b.y, b.y) };
  return [
    `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${flow.cardData ? 3 : 1.2}" marker-end="url(#head-${colour.slice(1)})"/>`,
    `<circle cx="${middle.x}" cy="${middle.y.toFixed(1)}" r="9" fill="#ffffff" stroke="${colour}"/>`,
    text(middle.x, middle.y + 4, String(index + 1), 'text-anchor="middle" font-size="11"'),
  ].join('\n');
}

function legendLine(flow: ScopeFlow, index: number, y: number): string {
  const words = `${index + 1}. ${flow.from} → ${flow.to}: ${flow.what} (${flow.protection})`;
  return text(30, y, words, flow.cardData ? 'fill="#b3261e" font-weight="bold"' : '');
}

function text(x: number, y: number, words: string, attributes = ''): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x}" y="${Number(y.toFixed(1))}" ${attributes}>${escaped}</text>`;
}

/** Writes the map into a folder: `scope-map.json` and `scope-map.svg`. */
export function drawScope(folder: string, map: ScopeMap): void {
  writeFileSync(join(folder, 'scope-map.json'), `${JSON.stringify(map, null, 2)}\n`);
  writeFileSync(join(folder, 'scope-map.svg'), scopeSvg(map));
}
