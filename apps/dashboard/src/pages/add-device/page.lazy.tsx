import { createLazyRoute, getRouteApi, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useRef, useState } from 'react';
import { api } from '../../api/client.ts';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useMay } from '../../session/use-session.ts';
import classes from './add-device.module.css';
import { AddForm } from './add-form.tsx';
import { requestOf } from './form-values.ts';
import { LeaveGuard } from './leave-guard.tsx';
import { Result } from './result.tsx';
import type { Secret } from './secret.ts';
import { useCreation } from './use-creation.ts';

const route = getRouteApi('/signed-in/devices/add');

export const addDevicePage = createLazyRoute('/signed-in/devices/add')({ component: AddDevicePage });

function AddDevicePage(): ReactNode {
  const { code: codeId, device } = route.useSearch();
  const navigate = useNavigate();
  const may = useMay('operator');
  const [secret, setSecret] = useState<Secret>();
  const [over, setOver] = useState(false);
  const formRef = useRef<HTMLDivElement>(null);
  const enrolment = api.useQuery('get', '/api/v1/enrolment');

  const { create, createCredentials, remake, replace } = useCreation(async (made, code) => {
    setOver(false);
    setSecret(made);
    await navigate({ to: '/devices/add', search: code === undefined ? {} : { code } });
  });
  const addAnother = (): void => {
    setSecret(undefined);
    void navigate({ to: '/devices/add', search: {} }).then(() =>
      formRef.current?.querySelector('input')?.focus(),
    );
  };
  const take = (): void => setSecret((one) => (one === undefined ? one : { ...one, taken: true }));

  return (
    <Page
      title="Add a device"
      description="One code makes one device. Put it on the device, and watch it come online here."
    >
      <LeaveGuard active={secret !== undefined && !secret.taken && !over} />
      <ProblemAlert error={enrolment.error} onRetry={() => void enrolment.refetch()} />
      <div className={classes['columns']}>
        <div ref={formRef}>
          {may ? (
            <AddForm
              key={device ?? ''}
              device={device}
              onCreate={(values) => create(requestOf(values))}
              onCredentials={createCredentials}
            />
          ) : (
            <p>
              Your role may look at devices, not add them. Ask an admin of the organization for the role
              operator.
            </p>
          )}
        </div>
        <Result
          codeId={codeId}
          secret={secret}
          enrolment={enrolment.data}
          onTaken={take}
          onOver={() => setOver(true)}
          onRemake={remake}
          onReplace={replace}
          onAddAnother={addAnother}
        />
      </div>
    </Page>
  );
}
