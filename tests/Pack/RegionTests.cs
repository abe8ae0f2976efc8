using System.Text.RegularExpressions;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The regions that a template offers: those that osls knows and that have all that the service uses, in November 2026.</summary>
public sealed partial class RegionTests
{
    // China: Lambda has no S3 destination for events that failed, and no metric AsyncEventsDropped
    // (https://docs.amazonaws.cn/en_us/aws/latest/userguide/lambda.html); Cognito has no user pools there
    // (https://docs.amazonaws.cn/en_us/aws/latest/userguide/cognito.html). The forwarder, the auth service and what relies on them need both.
    // The regions of the US intelligence community are open to its agencies only, and have no public documentation of their services.
    // The European Sovereign Cloud, eusc-de-east-1, is none of osls's regions: its schema refuses it, and it builds S3 addresses for
    // other partitions. By reports of 2026 it has no HTTP APIs either (https://github.com/brefphp/bref/discussions/2121).
    private static readonly string[] Lacking = ["cn-north-1", "cn-northwest-1", "us-iso-east-1", "us-iso-west-1", "us-isob-east-1"];

    [FactThatNeeds("node", "npm")]
    public async Task Are_those_of_osls_that_have_what_the_services_use()
    {
        var service = await GeneratedService.ShareAsync(Template.Named("sls-forwarder"), Options.Defaults);
        await NodeModules.LinkAsync(service);
        var provider = await File.ReadAllTextAsync(service.PathOf("node_modules/osls/lib/plugins/aws/provider.js"));
        var known = Region().Matches(RegionSchema().Match(provider).Value).Select(region => region.Groups[1].Value).ToList();

        Assert.NotEmpty(known);
        Assert.All(Template.Services, template =>
            Assert.Equal(known.Except(Lacking).Order(StringComparer.Ordinal), template.Options.Single(option => option.Name == "region").Choices.Order(StringComparer.Ordinal)));
    }

    [GeneratedRegex(@"\bregion: \{\s*enum: \[[^\]]*\]")]
    private static partial Regex RegionSchema();

    [GeneratedRegex("'([a-z0-9-]+)'")]
    private static partial Regex Region();
}
