import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useCallback, useRef, useState } from 'react';
import { api } from '../../api/client.ts';
import { LeaveGuard } from '../../components/leave-guard.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useMay } from '../../session/use-session.ts';
import classes from './add-device.module.css';
import { AddForm } from './add-form.tsx';
import { requestOf } from './form-values.ts';
import { Result } from './result.tsx';
import { type Secrets, withTaken } from './secret.ts';
import { useCreation } from './use-creation.ts';

const route = getRouteApi('/signed-in/devices/add');

export function AddDevicePage(): ReactNode {
  const { code: codeId, device, made: madeId } = route.useSearch();
  const navigate = useNavigate();
  const may = useMay('operator');
  const [secrets, setSecrets] = useState<Secrets>(new Map());
  const formRef = useRef<HTMLDivElement>(null);
  const enrolment = api.useQuery('get', '/api/v1/enrolment');

  const { create, createCredentials, remake, replace } = useCreation(async (made) => {
    setSecrets((all) => new Map(all).set(made.id, made));
    const search = made.kind === 'code' ? { code: made.id } : { made: made.id };
    await navigate({ to: '/devices/add', search });
  });
  const addAnother = (): void => {
    void navigate({ to: '/devices/add', search: {} }).then(() =>
      formRef.current?.querySelector('input')?.focus(),
    );
  };
  const take = useCallback((id: string): void => setSecrets((all) => withTaken(all, id)), []);

  return (
    <Page
      title="Add a device"
      description="One code makes one device. Put it on the device, and watch it come online here."
    >
      <LeaveGuard active={[...secrets.values()].some(({ taken }) => !taken)} title="Leave without it?">
        It is shown this once, and has been neither copied nor saved here. If it is not on the device yet, you
        will need a new one.
      </LeaveGuard>
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
          madeId={madeId}
          secrets={secrets}
          enrolment={enrolment.data}
          onTaken={take}
          onRemake={remake}
          onReplace={replace}
          onAddAnother={addAnother}
        />
      </div>
    </Page>
  );
}
