using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Company.Function._1.Tests;

using Host;

/// <summary>The Job of the schedule, in a process of its own.</summary>
public sealed class HostedScheduleTests
{
    [Fact]
    public async Task Runs_once_for_the_time_that_the_name_of_the_job_says_or_else_for_now()
    {
        var (asked, expired) = (new List<string>(), new List<string>());
        await using var table = await Loopback.StartAsync(async http =>
        {
            var request = JsonNode.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync(http.RequestAborted))!;
            var isQuery = http.Request.Headers["X-Amz-Target"].ToString().EndsWith(".Query", StringComparison.Ordinal);
            (isQuery ? asked : expired).Add(isQuery ? (string)request["ExpressionAttributeValues"]![":time"]!["S"]! : (string)request["Key"]!["id"]!["S"]!);
            http.Response.ContentType = "application/x-amz-json-1.0";
            await http.Response.WriteAsync(isQuery ? """{"Items": [{"id": {"S": "old"}}]}""" : "{}", http.RequestAborted);
        });
        var settings = new Dictionary<string, string?> { ["TRADE_ITEMS_TABLE"] = "tradeItems", ["AWS_ENDPOINT_URL_DYNAMODB"] = table.Address.ToString() };
        var began = Minute(DateTimeOffset.UtcNow);

        await using var delayed = Start(settings, $"acme-trade-items-host-{began.AddHours(-5).ToUnixTimeSeconds() / 60}");
        Assert.Equal(0, await delayed.ExitAsync());
        // It names a minute of 2008.
        await using var byHand = Start(settings, "manual-20261122");
        Assert.Equal(0, await byHand.ExitAsync());

        Assert.Equal(["old", "old"], expired);
        Assert.Equal(2, asked.Count);
        Assert.Equal(began.AddHours(-29), DateTimeOffset.Parse(asked[0], CultureInfo.InvariantCulture));
        Assert.InRange(DateTimeOffset.Parse(asked[1], CultureInfo.InvariantCulture), began.AddDays(-1), Minute(DateTimeOffset.UtcNow).AddDays(-1));
        var line = JsonNode.Parse(await delayed.WaitForOutputAsync(line => line.Contains("1 trade items have expired", StringComparison.Ordinal)))!;
        Assert.True(Trace.IsValid((string)line["traceId"]!));
        Assert.Equal("Information", (string)line["level"]!);
    }

    [Fact]
    public async Task Fails_when_the_table_is_down_so_that_the_job_is_tried_again()
    {
        await using var hosted = Start([new("TRADE_ITEMS_TABLE", "tradeItems"), new("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")]);

        Assert.Equal(1, await hosted.ExitAsync());
        await hosted.WaitForOutputAsync(line => line.Contains("expireTradeItems failed in trace Root=1-", StringComparison.Ordinal) && line.Contains("DependencyException", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ends_with_one_sentence_when_a_setting_is_missing()
    {
        await using var hosted = Start([new("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")]);

        Assert.Equal(1, await hosted.ExitAsync());
        Assert.Equal(["The setting TRADE_ITEMS_TABLE is missing; expected the name of a DynamoDB table."], hosted.Errors);
    }

    [Fact]
    public async Task Runs_to_its_end_when_it_is_told_to_end()
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var table = await HeldTable.StartAsync();
        await using var hosted = Start([.. table.Settings, .. collector.Settings]);
        await table.AskedAsync();

        hosted.SendTerm();
        await hosted.WaitForOutputAsync(line => line.Contains("Application is shutting down", StringComparison.Ordinal));
        table.Answer();

        Assert.Equal(0, await hosted.ExitAsync());
        var line = JsonNode.Parse(await hosted.WaitForOutputAsync(line => line.Contains("0 trade items have expired", StringComparison.Ordinal)))!;
        // Root=1-<8 hex>-<24 hex>
        Assert.Contains(((string)line["traceId"]!)["Root=1-".Length..].Replace("-", "", StringComparison.Ordinal), collector.Spans, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexStringLower("expireTradeItems"u8), collector.Spans, StringComparison.Ordinal);
    }

    private static RunningProgram Start(IEnumerable<KeyValuePair<string, string?>> settings, string name = "manual") =>
        new(typeof(HostedSchedule).Assembly.Location, [$"--contentRoot={AppContext.BaseDirectory}"], new Dictionary<string, string?>(settings) { ["JOB_NAME"] = name, ["AWS_REGION"] = "ap-southeast-2" });

    private static DateTimeOffset Minute(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds() / 60 * 60);
}

/// <summary>The schedule of the CronJob, held against that of the stack.</summary>
public sealed partial class HostedScheduleManifestTests : DeploymentTest
{
    [Fact]
    public void Is_due_when_the_stack_says()
    {
        var (_, rule) = Assert.Single(Deployed.Of("AWS::Events::Rule"));
        var kustomization = File.ReadAllText(Path.Combine(Deployment.ServiceFolder, "kubernetes/base/kustomization.yml"));

        Assert.Equal(ToKubernetes((string)rule["ScheduleExpression"]!), ScheduleInFile().Match(kustomization).Groups[1].Value);
        Assert.Equal(HostedSchedule.Timeout.TotalSeconds, (int)Deployed["ExpireTradeItemsLambdaFunction"]["Timeout"]!);
    }

    [Theory]
    [InlineData("rate(1 minute)", "* * * * *")]
    [InlineData("rate(15 minutes)", "*/15 * * * *")]
    [InlineData("rate(1 hour)", "0 * * * *")]
    [InlineData("rate(6 hours)", "0 */6 * * *")]
    [InlineData("rate(1 day)", "0 0 * * *")]
    [InlineData("cron(15 10 ? * MON-FRI *)", "15 10 * * MON-FRI")]
    [InlineData("cron(0 8 1 * ? *)", "0 8 1 * *")]
    [InlineData("cron(0 8 ? * 1,7 *)", "0 8 * * 0,6")]
    public void Is_read_as(string expression, string fields) => Assert.Equal(fields, ToKubernetes(expression));

    [Theory]
    [InlineData("rate(7 hours)")]
    [InlineData("rate(2 days)")]
    [InlineData("cron(0 8 L * ? *)")]
    [InlineData("cron(0 8 1 * ? 2027)")]
    public void Has_no_form_on_kubernetes_for(string expression) => Assert.Throws<InvalidDataException>(() => ToKubernetes(expression));

    // The five fields of a CronJob. A rate begins where the day does. EventBridge has a sixth field, the year, and counts the days of the week from 1.
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    private static string ToKubernetes(string expression)
    {
        var words = expression.TrimEnd(')').Split('(', ' ');
        return words switch
        {
            ["rate", var number, "minute" or "minutes"] when 60 % int.Parse(number, null) == 0 => number == "1" ? "* * * * *" : $"*/{number} * * * *",
            ["rate", var number, "hour" or "hours"] when 24 % int.Parse(number, null) == 0 => number == "1" ? "0 * * * *" : $"0 */{number} * * *",
            ["rate", "1", "day"] => "0 0 * * *",
            ["cron", var minute, var hour, var day, var month, var weekday, "*"] when !HasNoForm().IsMatch($"{day} {weekday}") =>
                $"{minute} {hour} {day.Replace('?', '*')} {month} {(weekday == "?" ? "*" : DayNumber().Replace(weekday, number => $"{int.Parse(number.Value, null) - 1}"))}",
            _ => throw new InvalidDataException($"{expression} has no form among the schedules of Kubernetes. Choose another one."),
        };
    }

    [GeneratedRegex(@"/spec/schedule\s+value: '(.+)'")]
    private static partial Regex ScheduleInFile();

    // The last day, the nearest weekday, the nth of a month.
    [GeneratedRegex(@"(?<![A-Z])[LW](?![A-Z])|#|\dL|\dW")]
    private static partial Regex HasNoForm();

    [GeneratedRegex(@"\b[1-7]\b")]
    private static partial Regex DayNumber();
}
