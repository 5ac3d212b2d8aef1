import { parseArgs } from 'node:util';

export interface Options {
  /** Seed of the first world; each further one counts up. */
  readonly seed: number;
  /** Worlds. */
  readonly runs: number;
  /** Boards in a world, about. */
  readonly devices: number;
  /** Ends early once so many registrations have been simulated. */
  readonly onboardings: number;
  readonly untilFailure: boolean;
  readonly trace: boolean;
  readonly plant: string | undefined;
  /** Prints the summary as one line of JSON, for programs. */
  readonly json: boolean;
}

export const usage = `npm run simulate -- [--seed N] [--runs K] [--devices D] [--onboardings M] [--until-failure] [--trace]
                   [--plant NAME] [--json]
  --seed N          the first world's seed (default 1); the worlds after it count up
  --runs K          worlds (default 20; without bound with --until-failure or --onboardings)
  --devices D       boards in a world, about (default ${String(80)})
  --onboardings M   stop after so many registrations
  --until-failure   stop only at the first broken promise
  --trace           print every step; with one seed, that is how a failure is looked at
  --plant NAME      put a known bug into the code first, to see it caught; --plant list names them
  --json            print the summary as JSON
`;

const devicesDefault = 80;
const runsDefault = 20;

/** @throws TypeError for an argument that is none. */
export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seed: { type: 'string' },
      runs: { type: 'string' },
      devices: { type: 'string' },
      onboardings: { type: 'string' },
      'until-failure': { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      plant: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const isUnbounded = values['until-failure'] || values.onboardings !== undefined;
  return {
    seed: whole('--seed', values.seed, 1),
    runs: whole('--runs', values.runs, isUnbounded ? Number.MAX_SAFE_INTEGER : runsDefault),
    devices: whole('--devices', values.devices, devicesDefault),
    onboardings: whole('--onboardings', values.onboardings, Number.MAX_SAFE_INTEGER),
    untilFailure: values['until-failure'],
    trace: values.trace,
    plant: values.plant,
    json: values.json,
  };
}

function whole(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new TypeError(`${name} needs a whole number`);
  return value;
}
