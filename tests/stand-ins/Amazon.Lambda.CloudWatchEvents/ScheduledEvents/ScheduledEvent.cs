namespace Amazon.Lambda.CloudWatchEvents.ScheduledEvents;

/// <summary>A schedule is due.</summary>
public class ScheduledEvent : CloudWatchEvent<Detail>;
