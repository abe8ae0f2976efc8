// Deploys the services in order: each after those whose SSM parameters it reads, the others side by side.
module.exports = import('./scripts/services.mjs').then(({ findServices }) => ({
  services: Object.fromEntries(findServices().map(({ name, dependsOn }) => [name, { path: name, dependsOn }])),
}));
