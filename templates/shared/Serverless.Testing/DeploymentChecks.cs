using System.Text.Json.Nodes;
using Xunit;

namespace Serverless.Testing;

/// <summary>What holds for the CloudFormation of every service. A service's tests run these checks by a class that derives from this one.</summary>
public abstract class DeploymentChecks : DeploymentTest
{
    [Fact]
    public void Logs_json_under_names_that_lambda_takes()
    {
        Assert.All(Deployed.Of("AWS::Lambda::Function"), function => Assert.Equal("JSON", (string?)function.Value["LoggingConfig"]?["LogFormat"]));
        Assert.All(Deployed.Of("AWS::Lambda::Function"), function => Assert.InRange(function.Value["FunctionName"]!.ToString().Length, 1, 64));
    }

    [Fact]
    public void Allows_no_action_by_a_wildcard_and_none_on_everything()
    {
        var policies = Deployed.Of("AWS::IAM::Role").SelectMany(role => role.Value["Policies"]!.AsArray()).Concat(Deployed.Of("AWS::IAM::RolePolicy").Select(policy => policy.Value));
        var statements = policies.SelectMany(policy => policy!["PolicyDocument"]!["Statement"]!.AsArray()).ToList();

        Assert.NotEmpty(statements);
        Assert.All(statements, statement =>
        {
            Assert.DoesNotContain("*", statement!["Action"]!.ToJsonString(), StringComparison.Ordinal);
            var resources = statement["Resource"] is JsonArray several ? several.ToList() : [statement["Resource"]];
            Assert.DoesNotContain("\"*\"", resources.Select(resource => resource!.ToJsonString()));
        });
    }

    [Fact]
    public void Gives_every_function_a_role_that_writes_to_its_own_log()
    {
        var functions = Deployed.Of("AWS::Lambda::Function").ToList();

        Assert.All(functions, function =>
        {
            var role = (string)function.Value["Role"]!["Fn::GetAtt"]![0]!;
            Assert.Contains($":log-group:/aws/lambda/{function.Value["FunctionName"]}:*", Deployed[role].ToJsonString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Raises_no_alarm_without_someone_to_hear_it()
    {
        Assert.All(Deployed.Of("AWS::CloudWatch::Alarm"), alarm => Assert.Equal("""[{"Ref":"Alarms"}]""", alarm.Value["AlarmActions"]!.ToJsonString()));
    }

    [Fact]
    public void Has_no_cycle_and_no_loose_end()
    {
        var needs = Deployed.Resources.ToDictionary(resource => resource.Key, resource => Deployed.Needs(resource.Value!).Where(id => !id.StartsWith("AWS::", StringComparison.Ordinal)).ToHashSet());
        Assert.All(needs, resource => Assert.Subset(needs.Keys.ToHashSet(), resource.Value));

        while (needs.Count > 0)
        {
            var free = needs.Where(resource => !resource.Value.Any(needs.ContainsKey)).Select(resource => resource.Key).ToList();
            Assert.True(free.Count > 0, $"These need each other: {string.Join(", ", needs.Keys)}");
            free.ForEach(id => needs.Remove(id));
        }
    }
}
