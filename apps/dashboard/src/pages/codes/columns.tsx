import { Button, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import type { Column } from '../../components/data-table.tsx';
import { CodeStatusBadge } from '../../components/status-badge.tsx';
import { When } from '../../components/when.tsx';
import { TextLink } from '../../components/text-link.tsx';

export type Code = Schema<'ProvisioningCode'>;

/** @param onRevoke left out for whoever may not */
export function codeColumns(onRevoke: ((code: Code) => void) | undefined): Column<Code>[] {
  return [
    { key: 'name', header: 'Code', cell: (code) => <Named code={code} /> },
    { key: 'status', header: 'State', cell: ({ status }) => <CodeStatusBadge status={status} /> },
    { key: 'made', header: 'Made', cell: (code) => <Made code={code} /> },
    { key: 'used', header: 'Used', cell: (code) => <Used code={code} /> },
    { key: 'failed', header: 'Refused', cell: (code) => <Refused code={code} /> },
    ...(onRevoke === undefined ? [] : [revokeColumn(onRevoke)]),
  ];
}

function revokeColumn(onRevoke: (code: Code) => void): Column<Code> {
  return {
    key: 'revoke',
    header: 'Action',
    align: 'right',
    cell: (code) =>
      code.status === 'active' || code.status === 'expired' ? (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Revoke ${titleOf(code)}`}
          onClick={() => onRevoke(code)}
        >
          Revoke
        </Button>
      ) : (
        '–'
      ),
  };
}

function titleOf({ device_name: device, id, name }: Code): string {
  return device ?? name ?? id;
}

function Named({ code }: { readonly code: Code }): ReactNode {
  return (
    <Stack gap={0}>
      <Text size="sm" fw={600}>
        {titleOf(code)}
      </Text>
      <Text size="xs" c="dimmed" ff="monospace">
        {code.id}
      </Text>
      {code.batch === null ? null : (
        <TextLink to="/codes" search={{ batch: code.batch }} size="xs">
          {code.name ?? code.batch}
        </TextLink>
      )}
    </Stack>
  );
}

function Made({ code }: { readonly code: Code }): ReactNode {
  return (
    <Stack gap={0}>
      <Text size="sm">
        <When at={code.created_at} />
      </Text>
      <TextLink to="/codes" search={{ created_by: code.created_by }} size="xs">
        by {code.created_by_name ?? code.created_by}
      </TextLink>
      {code.status === 'active' ? (
        <Text size="xs" c="dimmed">
          expires <When at={code.expires_at} />
        </Text>
      ) : null}
    </Stack>
  );
}

function Used({ code }: { readonly code: Code }): ReactNode {
  if (code.used_by === null) return '–';
  return (
    <Stack gap={0}>
      <TextLink to="/devices/$deviceId" params={{ deviceId: code.used_by }}>
        {code.used_by_name ?? code.used_by}
      </TextLink>
      <Text size="xs" c="dimmed">
        <When at={code.used_at} /> from {code.used_from}
      </Text>
    </Stack>
  );
}

const reasons: Readonly<Record<string, string>> = {
  binding_mismatch: 'bound to other hardware',
  code_already_used: 'already used',
  code_expired: 'expired',
  code_revoked: 'revoked',
  claim_completed: 'already registered',
  claim_void: 'no longer valid',
  device_limit_reached: 'organization is full',
  device_revoked: 'device revoked',
  target_unavailable: 'device gone',
};

function Refused({ code }: { readonly code: Code }): ReactNode {
  if (code.failed_attempts === 0) return '–';
  const reason = code.last_failed_reason ?? '';
  return (
    <Stack gap={0}>
      <TextLink to="/audit-log" search={{ object: code.id, outcome: 'failure' }}>
        {`${String(code.failed_attempts)} ${code.failed_attempts === 1 ? 'attempt' : 'attempts'}`}
      </TextLink>
      <Text size="xs" c="dimmed">
        {reasons[reason] ?? reason}, <When at={code.last_failed_at} />
      </Text>
    </Stack>
  );
}
