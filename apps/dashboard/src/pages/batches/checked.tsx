import { Alert, List, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';

type Check = Schema<'BatchCheck'>;

/** What the cloud makes of a table: the first devices as it understood them, and what is wrong with which line. */
export function Checked({ check }: { readonly check: Check }): ReactNode {
  const more = check.problems_total - check.problems.length;
  return (
    <Stack gap="sm" role="status">
      {check.problems_total === 0 ? (
        <Text size="sm">{check.rows_good} devices. The first of them, as they were understood:</Text>
      ) : (
        <Alert color="red" variant="light" title={`${String(check.rows_wrong)} rows are wrong`}>
          <List size="sm">
            {check.problems.slice(0, 20).map(({ field, line, message }) => (
              <List.Item key={`${String(line)} ${field} ${message}`}>
                Line {line}
                {field === '' ? '' : ` (${field})`}: {message}
              </List.Item>
            ))}
          </List>
          {more > 0 ? <Text size="sm">and {more} more</Text> : null}
        </Alert>
      )}
      {check.preview.length === 0 ? null : <Preview rows={check.preview} />}
    </Stack>
  );
}

function Preview({ rows }: { readonly rows: Check['preview'] }): ReactNode {
  return (
    <Table.ScrollContainer minWidth={420} type="native" tabIndex={0} aria-label="First rows">
      <Table>
        <Table.Thead>
          <Table.Tr>
            {['Line', 'Name', 'Serial', 'MAC', 'Tags'].map((heading) => (
              <Table.Th key={heading} scope="col">
                {heading}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.slice(0, 8).map((row) => (
            <Table.Tr key={row.line}>
              <Table.Td>{row.line}</Table.Td>
              <Table.Td>{row.name}</Table.Td>
              <Table.Td>{row.serial_number}</Table.Td>
              <Table.Td>{row.mac_address}</Table.Td>
              <Table.Td>{row.tags.join(', ')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
