// world, for members of a team.
import { call } from './calls';
import { Refusal } from './messages';
import { find } from './page';

/** Calls world for the team that is chosen under Teams. */
export const callWorld = (): Promise<unknown> => {
  const team = find<HTMLSelectElement>('team-of-invitation').value;
  if (team === '') throw new Refusal('world asks for a team. Sign in, and make a team or accept an invitation first.');
  return call('auth', `/world?team=${encodeURIComponent(team)}`);
};
