// Deploys the services in order: each after those whose SSM parameters it reads, the others side by side. scripts/compose.mjs says
// which of them do not take part, and with which parameters the others are deployed.
module.exports = import('./shared/local/services.mjs').then(({ findServices }) => {
  const { without = [], params = {} } = JSON.parse(process.env.COMPOSE_SETTINGS ?? '{}');
  const services = findServices().filter(({ name }) => !without.includes(name));
  return {
    services: Object.fromEntries(services.map(({ name, dependsOn }) => [name, { path: name, params, dependsOn: dependsOn.filter((other) => !without.includes(other)) }])),
  };
});
