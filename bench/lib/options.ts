import process from 'node:process';

/** A whole number given as `--name N`, from 1 to `most`; else `standard`. Ends the bench with what is right if it isn't one. */
export function option(name: string, standard: number, most: number): number {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return standard;
  const value = Number(process.argv[at + 1]);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  console.error(`--${name} takes a whole number from 1 to ${most}`);
  process.exit(2);
}
