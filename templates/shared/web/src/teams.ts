// The teams of the signed-in user, and invitations in both directions.
import { call } from './calls';
import { find, make, notify, onPress, onSubmit } from './page';

interface Me {
  readonly teams: readonly { readonly id: string; readonly role: string }[];
}

interface Team {
  readonly id: string;
  readonly name: string;
}

interface Invitations {
  readonly invitations: readonly { readonly team: string; readonly teamName: string; readonly role: string }[];
}

const names = new Map<string, string>(); // by the team's id

/** Lets the forms make teams and invite to them. */
export const startTeams = (): void => {
  // A second press after an answer that was lost gets the team that the first has made.
  let key = crypto.randomUUID();
  onSubmit('form-team', async ({ name }) => {
    const team = await call<Team>('auth', '/teams', { method: 'POST', body: { name }, idempotencyKey: key });
    key = crypto.randomUUID();
    names.set(team.id, team.name);
    await showTeams();
  });
  onSubmit('form-invite', async ({ team, email, role }) => {
    await call('auth', `/teams/${encodeURIComponent(team!)}/invitations`, { method: 'POST', body: { email, role } });
    notify(`${email} is invited. They accept the invitation on this page, signed in with that address.`);
  });
};

/** Shows the user's teams and the invitations to them. */
export const showTeams = async (): Promise<void> => {
  const [{ teams }, { invitations }] = await Promise.all([call<Me>('auth', '/me'), call<Invitations>('auth', '/me/invitations')]);
  // Who may read the team may read its name.
  await Promise.all(teams.filter(({ id }) => !names.has(id)).map(async ({ id }) => names.set(id, (await call<Team>('auth', `/teams/${encodeURIComponent(id)}`)).name)));

  const nameOf = (id: string) => names.get(id) ?? id;
  find('teams').replaceChildren(...teams.map(({ id, role }) => make('li', '', {}, make('span', nameOf(id)), make('span', role, { class: 'tag' }))));
  const choice = find<HTMLSelectElement>('team-of-invitation');
  const chosen = choice.value;
  choice.replaceChildren(...teams.map(({ id }) => make('option', nameOf(id), { value: id })));
  if (teams.some(({ id }) => id === chosen)) choice.value = chosen;
  find('form-invite').hidden = teams.length === 0;

  find('invitations').replaceChildren(
    ...(invitations.length === 0 ? [make('li', 'There are none.', { class: 'hint' })] : invitations.map(({ team, teamName, role }) => {
      const answer = (text: string, method: 'PUT' | 'DELETE') => {
        const button = make('button', text, { type: 'button', class: 'link', 'aria-label': `${text} the invitation to ${teamName}` });
        onPress(button, async () => {
          await call('auth', `/me/invitations/${encodeURIComponent(team)}`, { method });
          await showTeams();
        });
        return button;
      };
      return make('li', '', {}, make('span', teamName), make('span', role, { class: 'tag' }), answer('Accept', 'PUT'), answer('Decline', 'DELETE'));
    })),
  );
};

/** Forgets the teams of who was signed in. */
export const clearTeams = (): void => {
  names.clear();
  for (const id of ['teams', 'team-of-invitation', 'invitations']) find(id).replaceChildren();
  find('form-invite').hidden = true;
};
