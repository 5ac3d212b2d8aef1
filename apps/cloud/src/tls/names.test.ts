import { describe, expect, it } from 'vitest';
import { certificateNames } from './names.ts';

function values(hostName: string, addresses: string[] = [], others: string[] = []): string[] {
  return certificateNames(hostName, addresses, others).map(({ type, value }) => `${type}:${value}`);
}

describe('the names of a development certificate', () => {
  it('are localhost, the host name, its .local name, every address and what devices are told to call', () => {
    const names = values(
      'Board-7.lab',
      ['192.168.1.5', '2001:db8::5', '127.0.0.1'],
      ['edge.example', '[2001:db8::9]'],
    );
    expect(names).toEqual([
      'dns:localhost',
      'ip:127.0.0.1',
      'ip:::1',
      'dns:board-7.lab',
      'dns:board-7.local',
      'dns:edge.example',
      'ip:2001:db8::9',
      'ip:192.168.1.5',
      'ip:2001:db8::5',
    ]);
  });

  it('leave out what no URL can name', () => {
    const names = values('my_host', ['fe80::1%eth0', '0.0.0.0', '::']);
    expect(names).toEqual(['dns:localhost', 'ip:127.0.0.1', 'ip:::1']);
  });

  it('are bounded, on a machine with thousands of addresses too', () => {
    const addresses = Array.from({ length: 3000 }, (_, i) => `10.0.${String(i >> 8)}.${String(i & 255)}`);
    expect(values('host', addresses)).toHaveLength(100);
  });
});
