namespace Amazon.Lambda.CloudWatchEvents.ScheduledEvents;

/// <summary>Empty: a schedule has nothing to add.</summary>
public class Detail;
