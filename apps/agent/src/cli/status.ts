import { exitCodes } from './exit-codes.ts';
import { askAgent } from './ask-agent.ts';
import { type CommonOptions, requireConfig, type Surroundings } from './surroundings.ts';

/** Asks the running agent how it is and prints the document. */
export async function printStatus(surroundings: Surroundings, options: CommonOptions): Promise<number> {
  const reading = await requireConfig(surroundings, options);
  if (typeof reading === 'number') return reading;
  const { server, stateFolder } = reading.config;
  try {
    const text = await askAgent(server, stateFolder, '/api/v1/saas/status');
    surroundings.print(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    return exitCodes.ok;
  } catch {
    const place = `${server.host}:${String(server.port)}`;
    surroundings.complain(
      `No agent answers on ${place}. Start it (systemctl start edgeflow-agent), or check EDGEFLOW_SERVER_HOST and EDGEFLOW_SERVER_PORT.`,
    );
    return exitCodes.failure;
  }
}
