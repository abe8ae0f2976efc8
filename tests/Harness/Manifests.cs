using k8s;
using k8s.Models;

namespace Serverless.Templates.Tests;

/// <summary>The objects of a Kustomize overlay, as kubectl builds it and Kubernetes' own client reads it.</summary>
public sealed class Manifests
{
    private Manifests(string yaml) => Objects = [.. KubernetesYaml.LoadAllFromString(yaml, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>()];

    /// <summary>All of them.</summary>
    public IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Objects { get; }

    /// <summary>The pods that are made of these objects, each with the name of what makes it.</summary>
    public IEnumerable<(string Of, V1PodTemplateSpec Template)> Pods =>
        Of<V1Deployment>().Select(deployment => ($"Deployment {deployment.Name()}", deployment.Spec.Template))
            .Concat(Of<V1CronJob>().Select(job => ($"CronJob {job.Name()}", job.Spec.JobTemplate.Spec.Template)));

    /// <summary>Builds an overlay.</summary>
    /// <param name="overlay">Its folder, relative to the service's.</param>
    public static async Task<Manifests> BuildAsync(GeneratedService service, string overlay) =>
        Read((await Command.Run(Command.PathOf("kubectl"), ["kustomize", overlay], service.Folder)).Succeeded().Output);

    /// <summary>Reads objects. A member that the models do not know is an error.</summary>
    public static Manifests Read(string yaml) => new(yaml);

    /// <summary>The objects of a kind.</summary>
    public IEnumerable<T> Of<T>() => Objects.OfType<T>();

    /// <summary>The references that lead nowhere or to more than one object, and the objects that are not in one namespace: a sentence each.</summary>
    public IEnumerable<string> ReferenceFaults()
    {
        foreach (var twice in Objects.GroupBy(Name).Where(group => group.Count() > 1))
            yield return $"{twice.Key} is there {twice.Count()} times";
        if (Objects.Select(one => one.Namespace()).Distinct().Count() != 1)
            yield return "the objects are not in one namespace";
        foreach (var (of, pod) in Pods)
        {
            if (!Has<V1ServiceAccount>(pod.Spec.ServiceAccountName))
                yield return $"{of} names the service account {pod.Spec.ServiceAccountName}";
            foreach (var source in pod.Spec.Containers.SelectMany(container => container.EnvFrom ?? []))
            {
                if (source.ConfigMapRef is { } settings && !Has<V1ConfigMap>(settings.Name))
                    yield return $"{of} names the ConfigMap {settings.Name}";
                // An optional Secret is made by whoever needs it.
                if (source.SecretRef is { Optional: not true } secret && !Has<V1Secret>(secret.Name))
                    yield return $"{of} names the Secret {secret.Name}";
            }
            foreach (var container in pod.Spec.Containers)
                foreach (var probe in new[] { container.LivenessProbe, container.ReadinessProbe }.OfType<V1Probe>().Where(probe => !HasPort(pod, probe.HttpGet.Port.Value)))
                    yield return $"a probe of {of} asks the port {probe.HttpGet.Port.Value}";
        }
        foreach (var deployment in Of<V1Deployment>().Where(deployment => Single(deployment.Spec.Selector.MatchLabels)?.Template != deployment.Spec.Template))
            yield return $"Deployment {deployment.Name()} does not select its own pods, and these alone";
        foreach (var service in Of<V1Service>())
        {
            if (Single(service.Spec.Selector) is not var (_, pod))
                yield return $"Service {service.Name()} does not select the pods of one Deployment";
            else
                foreach (var port in service.Spec.Ports.Where(port => !HasPort(pod, port.TargetPort.Value)))
                    yield return $"Service {service.Name()} leads to the port {port.TargetPort.Value}";
        }
        foreach (var backend in Of<V1Ingress>().SelectMany(ingress => ingress.Spec.Rules).SelectMany(rule => rule.Http.Paths).Select(path => path.Backend.Service))
            if (Of<V1Service>().SingleOrDefault(service => service.Name() == backend.Name) is not { } service || service.Spec.Ports.All(port => port.Name != backend.Port.Name))
                yield return $"an Ingress leads to {backend.Name}:{backend.Port.Name}";
        foreach (var autoscaler in Of<V2HorizontalPodAutoscaler>())
            if (autoscaler.Spec.ScaleTargetRef is not { ApiVersion: "apps/v1", Kind: "Deployment" } target || !Has<V1Deployment>(target.Name))
                yield return $"HorizontalPodAutoscaler {autoscaler.Name()} scales {autoscaler.Spec.ScaleTargetRef.Name}";
        foreach (var budget in Of<V1PodDisruptionBudget>().Where(budget => Single(budget.Spec.Selector.MatchLabels) is null))
            yield return $"PodDisruptionBudget {budget.Name()} does not select the pods of one Deployment";
    }

    /// <summary>What a pod may do that it need not, and what it lacks: a sentence each.</summary>
    public IEnumerable<string> PolicyFaults()
    {
        foreach (var (of, pod) in Pods)
            foreach (var fault in PolicyFaults(pod.Spec).Concat(pod.Spec.Containers.SelectMany(PolicyFaults)))
                yield return $"{of}: {fault}";
        foreach (var deployment in Of<V1Deployment>())
        {
            if (!Of<V2HorizontalPodAutoscaler>().Any(autoscaler => autoscaler.Spec.ScaleTargetRef.Name == deployment.Name()) || deployment.Spec.Replicas is not null)
                yield return $"Deployment {deployment.Name()} is not scaled by a HorizontalPodAutoscaler alone";
            foreach (var fault in deployment.Spec.Template.Spec.Containers.SelectMany(container => ProbeFaults(container).Concat(EndFaults(deployment.Spec.Template, container))))
                yield return $"Deployment {deployment.Name()}: {fault}";
            if (!Of<V1PodDisruptionBudget>().Any(budget => Matches(budget.Spec.Selector.MatchLabels, deployment.Spec.Template)))
                yield return $"Deployment {deployment.Name()} has no PodDisruptionBudget";
        }
        foreach (var job in Of<V1CronJob>())
            foreach (var fault in ScheduleFaults(job.Spec))
                yield return $"CronJob {job.Name()}: {fault}";
        foreach (var account in Of<V1ServiceAccount>().Where(account => account.AutomountServiceAccountToken is not false))
            yield return $"ServiceAccount {account.Name()} gives its pods a token of the cluster";
        foreach (var ingress in Of<V1Ingress>())
            foreach (var rule in ingress.Spec.Rules.Where(rule => string.IsNullOrEmpty(rule.Host) || !(ingress.Spec.Tls ?? []).Any(tls => tls.Hosts.Contains(rule.Host))))
                yield return $"Ingress {ingress.Name()} serves the host {rule.Host} without TLS";
    }

    private static IEnumerable<string> PolicyFaults(V1PodSpec pod)
    {
        if (pod.SecurityContext is not { RunAsNonRoot: true, RunAsUser: > 0, RunAsGroup: > 0 })
            yield return "it may run as root";
        if (pod.SecurityContext?.SeccompProfile?.Type != "RuntimeDefault")
            yield return "it may make every system call";
        if (pod.AutomountServiceAccountToken is not false)
            yield return "it has a token of the cluster";
        if (pod.HostNetwork is true || pod.HostPID is true || pod.HostIPC is true || (pod.Volumes ?? []).Any(volume => volume.HostPath is not null))
            yield return "it reaches into the node";
    }

    private static IEnumerable<string> ScheduleFaults(V1CronJobSpec spec)
    {
        var (job, pod) = (spec.JobTemplate.Spec, spec.JobTemplate.Spec.Template.Spec);
        if (spec.TimeZone != "Etc/UTC")
            yield return "its schedule is not in UTC";
        if (spec.ConcurrencyPolicy != "Forbid")
            yield return "a Job runs beside the one before";
        if (spec.StartingDeadlineSeconds is null)
            yield return "a hundred times that were missed end it for ever";
        if (spec.SuccessfulJobsHistoryLimit is null || spec.FailedJobsHistoryLimit is not > 0)
            yield return "nothing is left of a Job that failed";
        if (pod.RestartPolicy != "Never" || job.BackoffLimit != 2)
            yield return "it is tried again in the same pod, or not as often as by Lambda";
        // The function's 30 seconds, and what is left to end in.
        if (pod.TerminationGracePeriodSeconds is not >= 40)
            yield return "a run is cut off when its pod is ended";
        if (job.ActiveDeadlineSeconds < (job.BackoffLimit + 1) * pod.TerminationGracePeriodSeconds)
            yield return "its attempts are ended too early";
        if (!pod.Containers.SelectMany(container => container.Env ?? []).Any(variable => variable.Name == "JOB_NAME" && variable.ValueFrom?.FieldRef?.FieldPath == "metadata.labels['batch.kubernetes.io/job-name']"))
            yield return "nobody tells it the time that was due";
    }

    private static IEnumerable<string> ProbeFaults(V1Container container)
    {
        if (container.LivenessProbe?.HttpGet.Path != "/health/live")
            yield return "nobody asks whether it lives";
        if (container.ReadinessProbe?.HttpGet.Path != "/health/ready")
            yield return "nobody asks whether it is ready";
    }

    private IEnumerable<string> EndFaults(V1PodTemplateSpec pod, V1Container container)
    {
        // The host answers what it has begun within 30 seconds of SIGTERM: the default of .NET's HostOptions.ShutdownTimeout.
        if (Of<V1Service>().Any(service => Matches(service.Spec.Selector, pod)))
        {
            if (container.Lifecycle?.PreStop?.Sleep is not { Seconds: var pause } || pod.Spec.TerminationGracePeriodSeconds < pause + 30)
                yield return "requests are lost when it stops";
        }
        // A worker gives the function its 30 seconds, and has 10 to delete what is handled.
        else if (pod.Spec.TerminationGracePeriodSeconds is not >= 40)
        {
            yield return "a batch is cut off when it stops";
        }
    }

    private static IEnumerable<string> PolicyFaults(V1Container container)
    {
        if (container.SecurityContext?.ReadOnlyRootFilesystem is not true)
            yield return "its file system can be written to";
        if (container.SecurityContext is not { AllowPrivilegeEscalation: false, Capabilities: { Add: null } capabilities } || container.SecurityContext.Privileged is true || !capabilities.Drop.Contains("ALL"))
            yield return "it may gain privileges";
        foreach (var resource in new[] { "cpu", "memory" })
        {
            if (container.Resources?.Limits?.ContainsKey(resource) is not true)
                yield return $"it has no limit of {resource}";
            if (container.Resources?.Requests?.ContainsKey(resource) is not true)
                yield return $"it requests no {resource}";
        }
        if (container.Image.Split(':', 2) is not [_, var tag] || tag is "" or "latest")
            yield return $"its image is {container.Image}, which can become another one";
        foreach (var name in (container.Env ?? []).Where(variable => variable.ValueFrom is null).Select(variable => variable.Name))
            yield return $"its setting {name} is not read from a ConfigMap or a Secret";
    }

    private (string Of, V1PodTemplateSpec Template)? Single(IDictionary<string, string> selector) =>
        Pods.Where(pod => Matches(selector, pod.Template)).ToList() is [var pod] ? pod : null;

    private bool Has<T>(string name)
        where T : IKubernetesObject<V1ObjectMeta> => Of<T>().Any(one => one.Name() == name);

    private static bool Matches(IDictionary<string, string> selector, V1PodTemplateSpec pod) =>
        selector.Count > 0 && selector.All(label => pod.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);

    private static bool HasPort(V1PodTemplateSpec pod, string port) => pod.Spec.Containers.SelectMany(container => container.Ports ?? []).Any(known => known.Name == port);

    private static string Name(IKubernetesObject<V1ObjectMeta> one) => $"{one.Kind} {one.Name()}";
}
