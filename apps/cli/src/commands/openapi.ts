import { printableJson } from '@edgeflow/platform';
import type { Command } from 'commander';
import type { Session } from '../session.ts';

/** `edgeflow openapi` */
export function addOpenApiCommand(program: Command, session: Session): void {
  program
    .command('openapi')
    .description("the cloud's API as OpenAPI 3.1, in JSON")
    .action(async () => {
      const client = await session.connect({ needsToken: false });
      const document = await client.readOpenApi();
      session.output.show(document, () => `${printableJson(document, 2)}\n`);
    });
}
