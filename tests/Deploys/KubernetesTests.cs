using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using k8s.Models;
using Xunit;

namespace Serverless.Templates.Tests;

/// <summary>The manifests of <c>--kubernetes true</c>, as kubectl builds them for each overlay.</summary>
public sealed class KubernetesTests
{
    private static readonly ConcurrentDictionary<(string, string), Lazy<Task<Manifests>>> Built = new();

    private static readonly (string Template, string Options, string Folder)[] Made =
    [
        ("sls-auth", "", "kubernetes/overlays"),
        ("sls-function", "", "kubernetes/overlays"),
        ("sls-function", "--auth none --architecture arm64 --grpc true", "kubernetes/overlays"),
        ("sls-function", "--trigger schedule", "kubernetes/overlays"),
        ("sls-function", "--trigger sqs", "kubernetes/overlays"),
        ("sls-venture", "", "kubernetes/overlays"),
        ("sls-venture", "", "auth/kubernetes/overlays"),
        ("sls-venture", "", "orders/kubernetes/overlays"),
    ];

    /// <summary>A template, the options that it is given beside <c>--kubernetes true</c>, and the folder of its overlays.</summary>
    public static TheoryData<string, string, string> Folders
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach (var (template, options, folder) in Made)
                rows.Add(template, options, folder);
            return rows;
        }
    }

    /// <summary>The same, and the folder of each overlay.</summary>
    public static TheoryData<string, string, string> Overlays
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach (var (template, options, folder) in Made)
                foreach (var stage in new[] { "dev", "prod" })
                    rows.Add(template, options, $"{folder}/{stage}");
            return rows;
        }
    }

    [TheoryThatNeeds("kubectl")]
    [MemberData(nameof(Overlays))]
    public async Task Make_what_the_trigger_needs(string template, string options, string overlay)
    {
        var manifests = await BuildAsync(template, options, overlay);

        string[] ofOne = options switch
        {
            "--trigger schedule" => ["ConfigMap", "CronJob", "ServiceAccount"],
            "--trigger sqs" => ["ConfigMap", "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "ServiceAccount"],
            _ => ["ConfigMap", "Deployment", "HorizontalPodAutoscaler", "Ingress", "PodDisruptionBudget", "Service", "ServiceAccount"],
        };
        var services = template == "sls-venture" && overlay.StartsWith("kubernetes", StringComparison.Ordinal) ? 2 : 1;
        Assert.Equal(ofOne.SelectMany(kind => Enumerable.Repeat(kind, services)), manifests.Objects.Select(one => one.Kind).Order(StringComparer.Ordinal));
    }

    [TheoryThatNeeds("kubectl")]
    [MemberData(nameof(Overlays))]
    public async Task Refer_to_nothing_that_is_not_there(string template, string options, string overlay) =>
        Faults.None((await BuildAsync(template, options, overlay)).ReferenceFaults());

    [TheoryThatNeeds("kubectl")]
    [MemberData(nameof(Overlays))]
    public async Task Allow_a_pod_no_more_than_it_needs(string template, string options, string overlay) =>
        Faults.None((await BuildAsync(template, options, overlay)).PolicyFaults());

    [TheoryThatNeeds("kubectl")]
    [MemberData(nameof(Folders))]
    public async Task Differ_between_the_stages_in_namespace_host_name_and_image(string template, string options, string folder)
    {
        var (dev, prod) = (await BuildAsync(template, options, $"{folder}/dev"), await BuildAsync(template, options, $"{folder}/prod"));

        static IEnumerable<string> Own(Manifests manifests) =>
            manifests.Objects.Select(one => one.Namespace()).Distinct()
                .Concat(manifests.Of<V1Ingress>().SelectMany(ingress => ingress.Spec.Rules).Select(rule => rule.Host))
                .Concat(manifests.Pods.SelectMany(pod => pod.Template.Spec.Containers).Select(container => container.Image));
        Assert.NotEmpty(Own(dev));
        Assert.Empty(Own(dev).Intersect(Own(prod)));
    }

    [FactThatNeeds("kubectl")]
    public async Task Run_where_the_image_was_built_for()
    {
        static async Task<string> ArchitectureAsync(string options) =>
            (await BuildAsync("sls-function", options, "kubernetes/overlays/dev")).Of<V1Deployment>().Single().Spec.Template.Spec.NodeSelector["kubernetes.io/arch"];

        Assert.Equal(("amd64", "arm64"), (await ArchitectureAsync(""), await ArchitectureAsync("--auth none --architecture arm64 --grpc true")));
    }

    [FactThatNeeds("kubectl")]
    public async Task Lead_gRPC_to_a_port_of_its_own()
    {
        var manifests = await BuildAsync("sls-function", "--auth none --architecture arm64 --grpc true", "kubernetes/overlays/prod");

        var port = manifests.Of<V1Service>().Single().Spec.Ports.Single(port => port.AppProtocol == "kubernetes.io/h2c");
        var container = manifests.Of<V1Deployment>().Single().Spec.Template.Spec.Containers.Single().Ports.Single(known => known.Name == port.TargetPort.Value);
        Assert.Equal(("grpc", $"http://*:{container.ContainerPort}"), (port.Name, manifests.Of<V1ConfigMap>().Single().Data["GRPC_URL"]));
    }

    [TheoryThatNeeds("node", "npm")]
    [InlineData("sls-auth", "")]
    [InlineData("sls-function", "")]
    [InlineData("sls-function", "--trigger schedule")]
    [InlineData("sls-function", "--trigger sqs")]
    public async Task Give_the_pods_the_rights_of_the_functions_that_they_run(string template, string options)
    {
        var stack = await Stack.ShareAsync(Template.Named(template), Options.Parse($"--kubernetes true {options}"));
        // Those behind the API, and those behind another trigger that runs there.
        var called = stack.OfType("AWS::ApiGatewayV2::Integration").Select(integration => integration.Properties["IntegrationUri"]!.ToJsonString())
            .Concat(stack.OfType("AWS::Events::Rule").Select(rule => rule.Properties["Targets"]!.ToJsonString()))
            .Concat(stack.OfType("AWS::Lambda::EventSourceMapping").Select(mapping => mapping.Properties["FunctionName"]!.ToJsonString())).ToList();
        var roles = stack.OfType("AWS::Lambda::Function").Where(function => called.Any(uri => uri.Contains($"\"{function.Name}\"", StringComparison.Ordinal)))
            .Select(function => (string)function.Properties["Role"]!["Fn::GetAtt"]![0]!).ToHashSet();

        var ofFunctions = stack.OfType("AWS::IAM::Role").Where(role => roles.Contains(role.Name)).SelectMany(role => RightsOf(role.Properties))
            // What Lambda itself does with a role: it writes the log, and events that failed.
            .Where(right => !right.StartsWith("logs:", StringComparison.Ordinal) && !right.Contains("FailedEvents", StringComparison.Ordinal));
        var ofPods = stack.OfType("AWS::IAM::Role").Where(role => role.Name == "KubernetesRole").SelectMany(role => RightsOf(role.Properties));

        Assert.NotEmpty(ofFunctions);
        Assert.Equal(ofFunctions.Distinct().Order(StringComparer.Ordinal), ofPods.Distinct().Order(StringComparer.Ordinal));
    }

    // The checks above would find it.
    [TheoryThatNeeds("kubectl")]
    [InlineData("runAsNonRoot: true", "runAsNonRoot: false", "may run as root")]
    [InlineData("runAsUser: 1654", "runAsUser: 0", "may run as root")]
    [InlineData("type: RuntimeDefault", "type: Unconfined", "every system call")]
    [InlineData("automountServiceAccountToken: false", "automountServiceAccountToken: true", "token of the cluster")]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "can be written to")]
    [InlineData("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "gain privileges")]
    [InlineData("- ALL", "- KILL", "gain privileges")]
    [InlineData("cpu: \"1\"", "ephemeral-storage: 1Gi", "no limit of cpu")]
    [InlineData("memory: 64Mi", "ephemeral-storage: 1Gi", "requests no memory")]
    [InlineData("path: /health/live", "path: /", "whether it lives")]
    [InlineData("path: /health/ready", "path: /", "whether it is ready")]
    [InlineData("terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30", "requests are lost")]
    [InlineData("image: acme-example:dev", "image: acme-example:latest", "can become another one")]
    [InlineData("name: acme-example-settings-", "name: acme-example-", "names the ConfigMap")]
    [InlineData("optional: true", "optional: false", "names the Secret")]
    [InlineData("serviceAccountName: acme-example-host", "serviceAccountName: default", "names the service account")]
    [InlineData("app.kubernetes.io/component: host", "app.kubernetes.io/component: worker", "does not select")]
    [InlineData("targetPort: http", "targetPort: grpc", "leads to the port grpc")]
    [InlineData("- host: acme-example-dev", "- host: other", "without TLS")]
    [InlineData("concurrencyPolicy: Forbid", "concurrencyPolicy: Allow", "beside the one before", "schedule")]
    [InlineData("timeZone: Etc/UTC", "suspend: false", "not in UTC", "schedule")]
    [InlineData("restartPolicy: Never", "restartPolicy: OnFailure", "in the same pod", "schedule")]
    [InlineData("activeDeadlineSeconds: 600", "activeDeadlineSeconds: 30", "too early", "schedule")]
    [InlineData("startingDeadlineSeconds: 1800", "suspend: false", "for ever", "schedule")]
    [InlineData("runAsUser: 1654", "runAsUser: 0", "may run as root", "schedule")]
    [InlineData("fieldPath: metadata.labels['batch.kubernetes.io/job-name']", "fieldPath: metadata.name", "the time that was due", "schedule")]
    [InlineData("terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30", "cut off", "schedule")]
    [InlineData("terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30", "cut off", "sqs")]
    [InlineData("optional: true", "optional: false", "names the Secret", "schedule")]
    public async Task Would_be_refused_by_these_checks_with(string found, string instead, string fault, string trigger = "http")
    {
        var service = await ServiceAsync("sls-function", trigger == "http" ? "" : $"--trigger {trigger}");
        var yaml = (await Command.Run(Command.PathOf("kubectl"), ["kustomize", "kubernetes/overlays/dev"], service.Folder)).Succeeded().Output;
        var at = yaml.LastIndexOf(found, StringComparison.Ordinal);
        Assert.True(at >= 0, $"{found} is not in it");

        var broken = Manifests.Read(yaml[..at] + instead + yaml[(at + found.Length)..]);

        Assert.Contains(broken.ReferenceFaults().Concat(broken.PolicyFaults()), sentence => sentence.Contains(fault, StringComparison.Ordinal));
    }

    // Each action with each resource.
    private static IEnumerable<string> RightsOf(JsonNode role) =>
        from statement in Stack.Objects(role["Policies"])
        where statement.ContainsKey("Effect")
        from action in Stack.Texts(statement["Action"])
        from resource in statement["Resource"] as JsonArray ?? [statement["Resource"]!.DeepClone()]
        select $"{action} on {resource!.ToJsonString()}";

    private static async Task<Manifests> BuildAsync(string template, string options, string overlay)
    {
        var service = await ServiceAsync(template, options);
        return await Built.GetOrAdd((service.Folder, overlay), _ => new(() => Manifests.BuildAsync(service, overlay))).Value;
    }

    private static Task<GeneratedService> ServiceAsync(string template, string options) =>
        GeneratedService.ShareAsync(Template.Named(template), Options.Parse($"--kubernetes true {options}"));
}
