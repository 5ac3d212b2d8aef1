import { printableJson } from '@edgeflow/platform';
import { exitCodes } from './exit-codes.ts';
import { askAgent, placeToAsk, runAsAgent } from './ask-agent.ts';
import { type CommonOptions, readConfig, type Surroundings, tellProblems } from './surroundings.ts';

/** Asks the running agent how it is and prints the document. */
export async function printStatus(surroundings: Surroundings, options: CommonOptions): Promise<number> {
  const reading = await readConfig(surroundings, options);
  const place = placeToAsk(reading);
  if (place === undefined) return tellProblems(surroundings, reading);
  const { server, stateFolder } = place;
  try {
    const text = await askAgent(server, stateFolder, '/api/v1/saas/status');
    surroundings.print(`${printableJson(JSON.parse(text), 2)}\n`);
    return exitCodes.ok;
  } catch {
    if (!reading.ok) {
      surroundings.complain(`The settings of the agent may not be read by this user. ${runAsAgent}`);
      return exitCodes.settings;
    }
    const address = `${server.host}:${String(server.port)}`;
    surroundings.complain(
      `No agent answers on ${address}. Start it (systemctl start edgeflow-agent), or check EDGEFLOW_SERVER_HOST and EDGEFLOW_SERVER_PORT.`,
    );
    return exitCodes.failure;
  }
}
