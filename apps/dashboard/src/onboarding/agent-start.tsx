import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './onboarding.module.css';

/** There is no installer to download: this says what there is. */
export function AgentStart(): ReactNode {
  return (
    <details className={classes['details']}>
      <summary>How does the agent get onto the device?</summary>
      <Text size="sm" mt="xs" component="div">
        It comes with this program. With a copy of its folder on the device, run
        <pre className={classes['snippet']} tabIndex={0} aria-label="Start the agent from the folder">
          npm ci && sudo npm run agent
        </pre>
        or make it one folder of plain JavaScript on any machine, copy that, and start its{' '}
        <code>main.cjs</code> with Node.js 22 or newer:
        <pre className={classes['snippet']} tabIndex={0} aria-label="Bundle the agent">
          npm run build -w @edgeflow/agent
        </pre>
        The README has the systemd unit <code>edgeflow-agent</code> that the commands here restart.
      </Text>
    </details>
  );
}
