create sequence audit_log_sequence_seq;
create sequence events_sequence_seq;
create sequence guesses_sequence_seq;
create table access_links (
  secret_hash text not null,
  purpose text not null,
  user_id text,
  created_at_ms bigint not null,
  expires_at_ms bigint not null,
  used_at_ms bigint
);
create table accounts (
  id text not null,
  user_id text not null,
  account_id text not null,
  provider_id text not null,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at_ms bigint,
  refresh_token_expires_at_ms bigint,
  scope text,
  password text,
  created_at_ms bigint not null,
  updated_at_ms bigint not null
);
create table alert_deliveries (
  id text not null,
  organization_id text not null,
  endpoint_id text not null,
  incident_id text,
  kind text not null,
  body text not null,
  state text not null,
  attempts integer not null,
  next_at_ms bigint not null,
  created_at_ms bigint not null,
  finished_at_ms bigint,
  last_error text
);
create table alert_endpoints (
  id text not null,
  organization_id text not null,
  kind text not null,
  name text not null,
  target text not null,
  server_key_id text,
  secret text,
  old_secret text,
  old_secret_until_ms bigint,
  created_at_ms bigint not null,
  disabled_at_ms bigint,
  disabled_reason text,
  failing_since_ms bigint,
  last_error text,
  last_delivered_at_ms bigint
);
create table alert_incidents (
  id text not null,
  organization_id text not null,
  rule_id text not null,
  device_group text not null,
  condition text not null,
  state text not null,
  created_at_ms bigint not null,
  from_ms bigint not null,
  to_ms bigint not null,
  devices_joined integer not null,
  devices_now integer not null,
  messages integer not null,
  told_devices integer not null,
  told_at_ms bigint,
  resolved_at_ms bigint
);
create table alert_rules (
  id text not null,
  organization_id text not null,
  device_group text not null,
  offline_minutes integer,
  key_days integer,
  endpoint_ids text,
  created_at_ms bigint not null,
  offline_edge_ms bigint not null,
  swept_at_ms bigint not null,
  keys_swept_at_ms bigint not null
);
create table audit_log (
  sequence bigint not null default nextval('audit_log_sequence_seq'::regclass),
  organization_id text not null,
  at_ms bigint not null,
  actor_kind text not null,
  actor_id text not null,
  action text not null,
  object_kind text,
  object_id text,
  address text,
  outcome text not null,
  reason text,
  request_id text,
  detail text not null,
  actor_name text
);
create table batch_rows (
  batch_id text not null,
  number integer not null,
  device_name text,
  tags text not null,
  mac_address text,
  serial_number text,
  code_id text,
  sealed_text text
);
create table batches (
  id text not null,
  organization_id text not null,
  name text,
  created_at_ms bigint not null,
  created_by text not null,
  request_hash text,
  content_hash text not null,
  ttl_seconds bigint not null,
  group_count integer,
  device_group text,
  bind_board_model text,
  expires_at_ms bigint not null,
  rows_total integer not null,
  rows_done integer not null default 0,
  edition integer not null default 1,
  work text,
  work_after integer not null default 0,
  texts_until_ms bigint,
  texts_wiped_at_ms bigint,
  texts_wiped_reason text,
  revoked_at_ms bigint
);
create table bulk_changes (
  id text not null,
  organization_id text not null,
  actor_id text not null,
  address text,
  request_id text,
  change text not null,
  state text not null,
  total bigint not null,
  parts bigint not null,
  next_part bigint not null default 0,
  changed bigint not null default 0,
  skipped text not null,
  created_at_ms bigint not null,
  beat_at_ms bigint not null,
  finished_at_ms bigint,
  request_hash text,
  content_hash text
);
create table bulk_parts (
  bulk_id text not null,
  part bigint not null,
  device_ids text not null
);
create table code_attempts (
  code_id text not null,
  organization_id text not null,
  at_ms bigint not null,
  reason text not null,
  address text not null,
  mac_address text,
  serial_number text,
  board_model text
);
create table code_words (
  organization_id text not null,
  word text not null,
  code_id text not null
);
create table credentials (
  id text not null,
  organization_id text not null,
  device_id text not null,
  key_hash text not null,
  origin text not null,
  state text not null,
  created_at_ms bigint not null,
  expires_at_ms bigint not null,
  rotate_after_ms bigint not null,
  authenticated_at_ms bigint,
  ended_at_ms bigint,
  alert_incident_id text
);
create table device_connections (
  device_id text not null,
  epoch bigint not null,
  organization_id text not null,
  began_at_ms bigint not null,
  address text,
  ended_at_ms bigint,
  close_reason text
);
create table device_notes (
  device_id text not null,
  organization_id text not null,
  notes text,
  location text,
  latitude double precision,
  longitude double precision,
  updated_at_ms bigint not null
);
create table devices (
  id text not null,
  organization_id text not null,
  lifecycle text not null,
  name text,
  tags text not null,
  device_group text,
  origin text not null,
  code_id text,
  hardware_info text not null,
  network_info text not null,
  agent_version text,
  search_text text not null,
  created_at_ms bigint not null,
  lifecycle_changed_at_ms bigint not null,
  security_changed_at_ms bigint,
  presence text not null default 'never_connected'::text,
  presence_since_ms bigint,
  session_epoch bigint not null default 0,
  last_seen_at_ms bigint,
  last_address text,
  last_close_reason text,
  rotation_wanted_at_ms bigint,
  can_rotate integer,
  tunnel_history text,
  replaced_at_ms bigint,
  clone_suspected_at_ms bigint,
  clone_evidence text,
  readmit_credential_id text,
  board_model text
);
create table events (
  sequence bigint not null default nextval('events_sequence_seq'::regclass),
  organization_id text not null,
  at_ms bigint not null,
  type text not null,
  object_id text not null,
  data text not null
);
create table guesses (
  sequence bigint not null default nextval('guesses_sequence_seq'::regclass),
  address_key text not null,
  tag bigint not null,
  at_ms bigint not null
);
create table invitations (
  id text not null,
  organization_id text not null,
  email text not null,
  role text not null,
  secret_hash text not null,
  invited_by text not null,
  created_at_ms bigint not null,
  expires_at_ms bigint not null,
  accepted_at_ms bigint,
  revoked_at_ms bigint,
  mailed_hash text
);
create table members (
  organization_id text not null,
  user_id text not null,
  role text not null,
  created_at_ms bigint not null
);
create table onboarding_hours (
  organization_id text not null,
  hour_ms bigint not null,
  made integer not null,
  redeemed integer not null,
  online integer not null
);
create table operator_tokens (
  id text not null,
  organization_id text not null,
  name text not null,
  role text not null,
  token_hash text not null,
  created_at_ms bigint not null,
  expires_at_ms bigint,
  created_by text,
  last_used_at_ms bigint
);
create table organizations (
  id text not null,
  name text not null,
  device_limit integer,
  device_count integer not null default 0,
  created_at_ms bigint not null,
  clone_policy text not null default 'keep_newest'::text,
  code_groups integer,
  code_ttl_seconds integer
);
create table provisioning_codes (
  id text not null,
  organization_id text not null,
  code_hash text not null,
  server_key_id text not null,
  group_count integer not null,
  state text not null,
  name text,
  batch_id text,
  device_name text,
  tags text not null,
  device_group text,
  bind_mac_address text,
  bind_serial_number text,
  bind_board_model text,
  target_device_id text,
  created_at_ms bigint not null,
  created_by text not null,
  expires_at_ms bigint not null,
  revoked_at_ms bigint,
  used_at_ms bigint,
  used_address text,
  used_device_id text,
  used_credential_id text,
  claimant_hash text,
  answer_expires_at_ms bigint,
  failed_attempts integer not null default 0,
  last_failed_at_ms bigint,
  last_failed_reason text,
  search_text text
);
create table server_facts (
  name text not null,
  value text not null
);
create table sessions (
  id text not null,
  user_id text not null,
  token_hash text not null,
  organization_id text,
  expires_at_ms bigint not null,
  last_used_at_ms bigint,
  ip_address text,
  user_agent text,
  created_at_ms bigint not null,
  updated_at_ms bigint not null
);
create table shadows (
  device_id text not null,
  organization_id text not null,
  version bigint not null,
  desired text not null,
  reported text not null,
  desired_times text not null,
  reported_times text not null,
  updated_at_ms bigint not null
);
create table two_factors (
  id text not null,
  user_id text not null,
  secret text not null,
  backup_codes text not null,
  verified integer,
  failed_verification_count integer,
  locked_until_ms bigint
);
create table users (
  id text not null,
  name text not null,
  email text not null,
  email_verified integer not null,
  image text,
  two_factor_enabled integer not null default 0,
  used_code_hash text,
  used_code_at_ms bigint,
  created_at_ms bigint not null,
  updated_at_ms bigint not null
);
create table verifications (
  id text not null,
  identifier text not null,
  value text not null,
  expires_at_ms bigint not null,
  created_at_ms bigint not null,
  updated_at_ms bigint not null
);
alter table access_links add constraint access_links_pkey PRIMARY KEY (secret_hash);
alter table access_links add constraint access_links_purpose_check CHECK ((purpose = ANY (ARRAY['setup'::text, 'reset_owner'::text, 'sign_in'::text])));
alter table accounts add constraint accounts_pkey PRIMARY KEY (id);
alter table accounts add constraint accounts_user_id_provider_id_key UNIQUE (user_id, provider_id);
alter table alert_deliveries add constraint alert_deliveries_pkey PRIMARY KEY (id);
alter table alert_deliveries add constraint alert_deliveries_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text])));
alter table alert_endpoints add constraint alert_endpoints_kind_check CHECK ((kind = ANY (ARRAY['webhook'::text, 'email'::text])));
alter table alert_endpoints add constraint alert_endpoints_pkey PRIMARY KEY (id);
alter table alert_incidents add constraint alert_incidents_condition_check CHECK ((condition = ANY (ARRAY['offline'::text, 'key_expiring'::text])));
alter table alert_incidents add constraint alert_incidents_pkey PRIMARY KEY (id);
alter table alert_incidents add constraint alert_incidents_state_check CHECK ((state = ANY (ARRAY['open'::text, 'resolved'::text])));
alter table alert_rules add constraint alert_rules_organization_id_device_group_key UNIQUE (organization_id, device_group);
alter table alert_rules add constraint alert_rules_pkey PRIMARY KEY (id);
alter table audit_log add constraint audit_log_outcome_check CHECK ((outcome = ANY (ARRAY['success'::text, 'failure'::text])));
alter table audit_log add constraint audit_log_pkey PRIMARY KEY (sequence);
alter table batch_rows add constraint batch_rows_pkey PRIMARY KEY (batch_id, number);
alter table batches add constraint batches_pkey PRIMARY KEY (id);
alter table batches add constraint batches_texts_wiped_reason_check CHECK ((texts_wiped_reason = ANY (ARRAY['saved'::text, 'expired'::text, 'revoked'::text])));
alter table batches add constraint batches_work_check CHECK ((work = ANY (ARRAY['make'::text, 'replace'::text])));
alter table bulk_changes add constraint bulk_changes_pkey PRIMARY KEY (id);
alter table bulk_changes add constraint bulk_changes_state_check CHECK ((state = ANY (ARRAY['running'::text, 'finished'::text])));
alter table bulk_parts add constraint bulk_parts_pkey PRIMARY KEY (bulk_id, part);
alter table code_attempts add constraint code_attempts_pkey PRIMARY KEY (code_id);
alter table code_words add constraint code_words_pkey PRIMARY KEY (organization_id, word, code_id);
alter table credentials add constraint credentials_key_hash_key UNIQUE (key_hash);
alter table credentials add constraint credentials_origin_check CHECK ((origin = ANY (ARRAY['code'::text, 'operator'::text, 'rotation'::text])));
alter table credentials add constraint credentials_pkey PRIMARY KEY (id);
alter table credentials add constraint credentials_state_check CHECK ((state = ANY (ARRAY['issued'::text, 'active'::text, 'ended'::text])));
alter table device_connections add constraint device_connections_pkey PRIMARY KEY (device_id, epoch);
alter table device_notes add constraint device_notes_pkey PRIMARY KEY (device_id);
alter table devices add constraint devices_lifecycle_check CHECK ((lifecycle = ANY (ARRAY['active'::text, 'revoked'::text, 'quarantined'::text, 'deleted'::text])));
alter table devices add constraint devices_origin_check CHECK ((origin = ANY (ARRAY['code'::text, 'operator'::text])));
alter table devices add constraint devices_pkey PRIMARY KEY (id);
alter table devices add constraint devices_presence_check CHECK ((presence = ANY (ARRAY['never_connected'::text, 'online'::text, 'offline'::text, 'reconnecting'::text])));
alter table events add constraint events_pkey PRIMARY KEY (sequence);
alter table guesses add constraint guesses_pkey PRIMARY KEY (sequence);
alter table invitations add constraint invitations_pkey PRIMARY KEY (id);
alter table invitations add constraint invitations_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text, 'owner'::text])));
alter table invitations add constraint invitations_secret_hash_key UNIQUE (secret_hash);
alter table members add constraint members_pkey PRIMARY KEY (organization_id, user_id);
alter table members add constraint members_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text, 'owner'::text])));
alter table onboarding_hours add constraint onboarding_hours_pkey PRIMARY KEY (organization_id, hour_ms);
alter table operator_tokens add constraint operator_tokens_pkey PRIMARY KEY (id);
alter table operator_tokens add constraint operator_tokens_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text, 'owner'::text])));
alter table operator_tokens add constraint operator_tokens_token_hash_key UNIQUE (token_hash);
alter table organizations add constraint organizations_clone_policy_check CHECK ((clone_policy = ANY (ARRAY['keep_newest'::text, 'quarantine'::text])));
alter table organizations add constraint organizations_pkey PRIMARY KEY (id);
alter table provisioning_codes add constraint provisioning_codes_check CHECK (((state = 'used'::text) = (used_device_id IS NOT NULL)));
alter table provisioning_codes add constraint provisioning_codes_code_hash_key UNIQUE (code_hash);
alter table provisioning_codes add constraint provisioning_codes_pkey PRIMARY KEY (id);
alter table provisioning_codes add constraint provisioning_codes_state_check CHECK ((state = ANY (ARRAY['active'::text, 'used'::text, 'revoked'::text])));
alter table server_facts add constraint server_facts_pkey PRIMARY KEY (name);
alter table sessions add constraint sessions_pkey PRIMARY KEY (id);
alter table sessions add constraint sessions_token_hash_key UNIQUE (token_hash);
alter table shadows add constraint shadows_pkey PRIMARY KEY (device_id);
alter table two_factors add constraint two_factors_pkey PRIMARY KEY (id);
alter table two_factors add constraint two_factors_user_id_key UNIQUE (user_id);
alter table users add constraint users_email_key UNIQUE (email);
alter table users add constraint users_pkey PRIMARY KEY (id);
alter table verifications add constraint verifications_pkey PRIMARY KEY (id);
alter table access_links add constraint access_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
alter table accounts add constraint accounts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
alter table alert_deliveries add constraint alert_deliveries_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table alert_endpoints add constraint alert_endpoints_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table alert_incidents add constraint alert_incidents_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table alert_rules add constraint alert_rules_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table audit_log add constraint audit_log_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table batch_rows add constraint batch_rows_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batches(id);
alter table batches add constraint batches_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table bulk_changes add constraint bulk_changes_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table bulk_parts add constraint bulk_parts_bulk_id_fkey FOREIGN KEY (bulk_id) REFERENCES bulk_changes(id);
alter table code_attempts add constraint code_attempts_code_id_fkey FOREIGN KEY (code_id) REFERENCES provisioning_codes(id);
alter table code_attempts add constraint code_attempts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table credentials add constraint credentials_device_id_fkey FOREIGN KEY (device_id) REFERENCES devices(id);
alter table credentials add constraint credentials_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table device_connections add constraint device_connections_device_id_fkey FOREIGN KEY (device_id) REFERENCES devices(id);
alter table device_connections add constraint device_connections_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table device_notes add constraint device_notes_device_id_fkey FOREIGN KEY (device_id) REFERENCES devices(id);
alter table device_notes add constraint device_notes_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table devices add constraint devices_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table events add constraint events_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table invitations add constraint invitations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table members add constraint members_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table members add constraint members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
alter table onboarding_hours add constraint onboarding_hours_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table operator_tokens add constraint operator_tokens_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table provisioning_codes add constraint provisioning_codes_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table sessions add constraint sessions_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table sessions add constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
alter table shadows add constraint shadows_device_id_fkey FOREIGN KEY (device_id) REFERENCES devices(id);
alter table shadows add constraint shadows_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id);
alter table two_factors add constraint two_factors_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
CREATE INDEX alert_deliveries_by_endpoint ON public.alert_deliveries USING btree (endpoint_id, state);
CREATE INDEX alert_deliveries_by_time ON public.alert_deliveries USING btree (organization_id, created_at_ms, id);
CREATE INDEX alert_deliveries_due ON public.alert_deliveries USING btree (next_at_ms) WHERE (state = 'waiting'::text);
CREATE INDEX alert_deliveries_finished ON public.alert_deliveries USING btree (finished_at_ms) WHERE (state <> 'waiting'::text);
CREATE INDEX alert_endpoints_by_organization ON public.alert_endpoints USING btree (organization_id, created_at_ms, id);
CREATE INDEX alert_incidents_by_time ON public.alert_incidents USING btree (organization_id, created_at_ms, id);
CREATE INDEX alert_incidents_open ON public.alert_incidents USING btree (rule_id) WHERE (state = 'open'::text);
CREATE INDEX alert_incidents_resolved ON public.alert_incidents USING btree (resolved_at_ms) WHERE (state = 'resolved'::text);
CREATE INDEX alert_rules_due ON public.alert_rules USING btree (swept_at_ms);
CREATE INDEX audit_by_action ON public.audit_log USING btree (organization_id, action, at_ms, sequence);
CREATE INDEX audit_by_actor ON public.audit_log USING btree (organization_id, actor_id, at_ms, sequence) WHERE (actor_kind <> 'device'::text);
CREATE INDEX audit_by_object ON public.audit_log USING btree (organization_id, object_id, at_ms, sequence);
CREATE INDEX audit_by_time ON public.audit_log USING btree (organization_id, at_ms, sequence);
CREATE INDEX audit_failures ON public.audit_log USING btree (organization_id, at_ms, sequence) WHERE (outcome = 'failure'::text);
CREATE INDEX audit_refusals ON public.audit_log USING btree (organization_id, at_ms, reason, object_id) WHERE ((outcome = 'failure'::text) AND (action = ANY (ARRAY['code.redeem'::text, 'key.refused'::text])));
CREATE INDEX batches_at_work ON public.batches USING btree (id) WHERE (work IS NOT NULL);
CREATE UNIQUE INDEX batches_by_request ON public.batches USING btree (organization_id, request_hash) WHERE (request_hash IS NOT NULL);
CREATE INDEX batches_by_time ON public.batches USING btree (organization_id, created_at_ms, id);
CREATE INDEX batches_with_texts ON public.batches USING btree (texts_until_ms) WHERE (texts_until_ms IS NOT NULL);
CREATE UNIQUE INDEX bulk_changes_by_request ON public.bulk_changes USING btree (organization_id, request_hash) WHERE (request_hash IS NOT NULL);
CREATE INDEX bulk_changes_running ON public.bulk_changes USING btree (beat_at_ms) WHERE (state = 'running'::text);
CREATE INDEX codes_by_batch ON public.provisioning_codes USING btree (organization_id, batch_id, state) WHERE (batch_id IS NOT NULL);
CREATE INDEX codes_by_maker ON public.provisioning_codes USING btree (organization_id, created_by, created_at_ms, id);
CREATE INDEX codes_by_state ON public.provisioning_codes USING btree (organization_id, state, created_at_ms, id, expires_at_ms);
CREATE INDEX codes_by_target ON public.provisioning_codes USING btree (target_device_id) WHERE (target_device_id IS NOT NULL);
CREATE INDEX codes_by_time ON public.provisioning_codes USING btree (organization_id, created_at_ms, id);
CREATE INDEX codes_live ON public.provisioning_codes USING btree (group_count, expires_at_ms) WHERE (state = 'active'::text);
CREATE INDEX credentials_by_alert ON public.credentials USING btree (alert_incident_id) WHERE (alert_incident_id IS NOT NULL);
CREATE INDEX credentials_by_expiry ON public.credentials USING btree (organization_id, expires_at_ms, device_id) WHERE (state = 'active'::text);
CREATE INDEX credentials_due ON public.credentials USING btree (rotate_after_ms) WHERE (state = 'active'::text);
CREATE UNIQUE INDEX credentials_live ON public.credentials USING btree (device_id, state) WHERE (state <> 'ended'::text);
CREATE INDEX device_connections_by_time ON public.device_connections USING btree (began_at_ms);
CREATE INDEX devices_by_presence ON public.devices USING btree (presence) WHERE (presence = ANY (ARRAY['online'::text, 'reconnecting'::text]));
CREATE INDEX devices_by_replacement ON public.devices USING btree (replaced_at_ms) WHERE (replaced_at_ms IS NOT NULL);
CREATE INDEX devices_by_security ON public.devices USING btree (security_changed_at_ms) WHERE (security_changed_at_ms IS NOT NULL);
CREATE INDEX devices_by_status ON public.devices USING btree (organization_id, lifecycle, presence, created_at_ms, id) WHERE (lifecycle <> 'deleted'::text);
CREATE INDEX devices_by_suspicion ON public.devices USING btree (organization_id, clone_suspected_at_ms) WHERE (clone_suspected_at_ms IS NOT NULL);
CREATE INDEX devices_by_time ON public.devices USING btree (organization_id, created_at_ms, id) WHERE (lifecycle <> 'deleted'::text);
CREATE INDEX devices_by_version ON public.devices USING btree (organization_id, agent_version, created_at_ms, id) WHERE (lifecycle <> 'deleted'::text);
CREATE INDEX devices_cannot_rotate ON public.devices USING btree (organization_id, id) WHERE ((can_rotate = 0) AND (lifecycle = 'active'::text));
CREATE INDEX devices_offline ON public.devices USING btree (organization_id, presence_since_ms, device_group, id) WHERE ((presence = 'offline'::text) AND (lifecycle = 'active'::text));
CREATE INDEX events_by_organization ON public.events USING btree (organization_id, sequence);
CREATE UNIQUE INDEX invitations_by_mailed ON public.invitations USING btree (mailed_hash);
CREATE INDEX invitations_by_organization ON public.invitations USING btree (organization_id, created_at_ms);
CREATE INDEX members_by_user ON public.members USING btree (user_id);
CREATE INDEX operator_tokens_by_organization ON public.operator_tokens USING btree (organization_id, created_at_ms);
CREATE INDEX sessions_by_expiry ON public.sessions USING btree (expires_at_ms);
CREATE INDEX sessions_by_user ON public.sessions USING btree (user_id);
CREATE INDEX verifications_by_expiry ON public.verifications USING btree (expires_at_ms);
CREATE INDEX verifications_by_identifier ON public.verifications USING btree (identifier);
