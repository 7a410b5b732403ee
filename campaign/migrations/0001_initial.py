import campaign.models
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('messaging', '0003_roles'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Partner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=160)),
                ('hypothesis', models.CharField(blank=True, max_length=500)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('submitted', 'Waiting for approval'), ('approved', 'Approved'), ('running', 'Running'), ('paused', 'Paused'), ('closed', 'Closed')], default='draft', max_length=10)),
                ('unit', models.CharField(choices=[('view', 'One shown message'), ('session', 'One browser tab'), ('subject', "The partner's opaque subject")], default='view', max_length=8)),
                ('salt', models.CharField(default=campaign.models.new_salt, editable=False, max_length=64)),
                ('starts_at', models.DateTimeField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('launched_at', models.DateTimeField(blank=True, null=True)),
                ('changed_at', models.DateTimeField(auto_now=True)),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-launched_at', 'slug'],
            },
        ),
        migrations.CreateModel(
            name='Arm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField()),
                ('name', models.CharField(max_length=80)),
                ('weight', models.PositiveIntegerField(default=1, validators=[django.core.validators.MaxValueValidator(1000000)])),
                ('is_control', models.BooleanField(default=False)),
                ('paused_at', models.DateTimeField(blank=True, null=True)),
                ('paused_reason', models.CharField(blank=True, max_length=300)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='arms', to='messaging.revision')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='arms', to='campaign.campaign')),
            ],
            options={
                'ordering': ['campaign', 'position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='AnalysisPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.FloatField(default=0.95, validators=[django.core.validators.MinValueValidator(0.5), django.core.validators.MaxValueValidator(0.999)])),
                ('smallest_difference', models.FloatField(default=0.02, help_text='For the primary outcome, as a share: 0.02 is 2 people in 100. Less would not change what we do.')),
                ('planned_per_arm', models.PositiveIntegerField(help_text='People to be shown each arm before the planned analysis.')),
                ('comparisons', models.JSONField(default=list, help_text='Pairs of arm keys: [["victim", "neutral"], ...].')),
                ('correction', models.CharField(choices=[('holm', 'Holm'), ('bonferroni', 'Bonferroni'), ('benjamini-hochberg', 'Benjamini-Hochberg'), ('none', 'None')], default='holm', max_length=20)),
                ('monitoring', models.CharField(choices=[('always-valid', 'Look whenever you like'), ('group-sequential', 'Look at named points'), ('fixed', 'Look once, at the end')], default='always-valid', max_length=16)),
                ('looks', models.JSONField(default=campaign.models.default_looks, help_text='Shares of the planned people at which to look, rising to 1. Nothing is shown before the first.')),
                ('spending', models.CharField(choices=[('obrien-fleming', "O'Brien-Fleming"), ('pocock', 'Pocock')], default='obrien-fleming', max_length=16)),
                ('strata', models.CharField(blank=True, choices=[('placement', 'Placement')], default='', max_length=10)),
                ('clusters', models.CharField(blank=True, choices=[('placement-day', 'Placement and day')], default='', max_length=16)),
                ('frozen_at', models.DateTimeField(blank=True, null=True)),
                ('canonical', models.TextField(blank=True, help_text='The plan as canonical JSON, exactly as it was hashed.')),
                ('fingerprint', models.CharField(blank=True, help_text='SHA-256 of the canonical JSON.', max_length=64)),
                ('campaign', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='plan', to='campaign.campaign')),
            ],
        ),
        migrations.CreateModel(
            name='Placement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=120)),
                ('allowed_origins', models.JSONField(blank=True, default=list, help_text='Sites that may embed it, such as "https://example.org".')),
                ('leave_url', models.URLField(blank=True, help_text='Where “Leave this page” leads; empty for our own quiet page.')),
                ('continue_url', models.URLField(blank=True, help_text='Where “Continue” leads; empty to close the message.')),
                ('fallback', models.ForeignKey(blank=True, help_text='Neutral words shown, uncounted, while no campaign runs here.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='messaging.revision')),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='placements', to='campaign.partner')),
            ],
            options={
                'ordering': ['key'],
            },
        ),
        migrations.AddField(
            model_name='campaign',
            name='placements',
            field=models.ManyToManyField(related_name='campaigns', to='campaign.placement'),
        ),
        migrations.CreateModel(
            name='PlannedOutcome',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(max_length=16)),
                ('role', models.CharField(choices=[('primary', 'Primary'), ('secondary', 'Secondary'), ('guardrail', 'Guardrail')], max_length=9)),
                ('smallest_difference', models.FloatField(blank=True, help_text="For this outcome, as a share; the primary outcome's stands in the plan.", null=True)),
                ('harm_margin', models.FloatField(blank=True, help_text='For a guardrail, as a share: an arm surely worse than control by more is paused.', null=True)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outcomes', to='campaign.analysisplan')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='ServedCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('locale', models.CharField(max_length=8)),
                ('count', models.PositiveBigIntegerField(default=0)),
                ('arm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='served', to='campaign.arm')),
                ('placement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaign.placement')),
            ],
        ),
        migrations.AddConstraint(
            model_name='arm',
            constraint=models.UniqueConstraint(fields=('campaign', 'key'), name='arm_key_once'),
        ),
        migrations.AddConstraint(
            model_name='arm',
            constraint=models.UniqueConstraint(condition=models.Q(('is_control', True)), fields=('campaign',), name='arm_one_control'),
        ),
        migrations.AddConstraint(
            model_name='analysisplan',
            constraint=models.CheckConstraint(condition=models.Q(('level__gt', 0), ('level__lt', 1)), name='plan_level_is_a_share'),
        ),
        migrations.AddConstraint(
            model_name='analysisplan',
            constraint=models.CheckConstraint(condition=models.Q(('smallest_difference__gte', 0), ('smallest_difference__lt', 1)), name='plan_difference_is_a_share'),
        ),
        migrations.AddConstraint(
            model_name='analysisplan',
            constraint=models.CheckConstraint(condition=models.Q(('frozen_at__isnull', True), models.Q(('fingerprint', ''), _negated=True), _connector='OR'), name='plan_frozen_has_a_fingerprint'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__isnull', True), ('ends_at__isnull', True), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='campaign_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), models.Q(('approved_by', models.F('created_by')), _negated=True), _connector='OR'), name='campaign_approved_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='plannedoutcome',
            constraint=models.UniqueConstraint(fields=('plan', 'outcome'), name='planned_outcome_once'),
        ),
        migrations.AddConstraint(
            model_name='plannedoutcome',
            constraint=models.UniqueConstraint(condition=models.Q(('role', 'primary')), fields=('plan',), name='planned_outcome_one_primary'),
        ),
        migrations.AddConstraint(
            model_name='servedcount',
            constraint=models.UniqueConstraint(fields=('day', 'arm', 'placement', 'locale'), name='served_count_once'),
        ),
    ]
