/** Figures that tests come by: printed, and with SAMCACHE_RECORD=FILE kept in that file beside those already there. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

export interface Row {
  name: string;
  value: number;
  unit: string;
  /** In the same unit: what is wanted. */
  limit: number;
  note: string;
}

interface Results {
  created_at: string;
  machine: { cpu: string; cores: number };
  rows: (Row & { ratio: number })[];
}

export function record(row: Row): void {
  const [value, limit] = [row.value, row.limit].map((figure) => Number(figure.toPrecision(4)));
  console.log(`${row.name}: ${value} ${row.unit} (${limit}), ${row.note}`);
  const file = process.env.SAMCACHE_RECORD;
  if (!file) return;
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results).rows : [];
  const results: Results = {
    created_at: new Date().toISOString(),
    machine: { cpu: cpus()[0].model, cores: cpus().length },
    rows: [
      ...before.filter(({ name }) => name !== row.name),
      { ...row, value, limit, ratio: Number((value / row.limit).toPrecision(3)) },
    ],
  };
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
}
